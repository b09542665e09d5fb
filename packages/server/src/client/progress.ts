import { printable } from '../terminal/printable.ts'
import { showBytes } from '../terminal/show-values.ts'

/** How far several transfers have come, told in one line of a terminal. */
export interface Progress {
  /** So many files and bytes are to be moved beside those that were told before. */
  expect(files: number, bytes: number): void
  begin(name: string): Tracker
  /** Prints a line where the bar is. */
  line(print: () => void): void
  end(): void
}

/** One transfer. */
export interface Tracker {
  /** So many bytes of a piece have been moved; less than before where it is moved again. */
  move(piece: string, bytes: number): void
  /** So many bytes need not be moved. */
  skip(piece: string, bytes: number): void
  /** All of it begins anew. */
  restart(): void
  /** It is over; whether all was moved. */
  end(isDone: boolean): void
}

export type ProgressOptions = {
  /** Takes the place of what it showed before; absent where nobody looks on. */
  readonly show?: ((text: string) => void) | undefined
  readonly columns: () => number
  /** Milliseconds. */
  readonly clock: () => number
}

export type BarState = {
  readonly name: string
  readonly files: number
  readonly filesDone: number
  readonly bytes: number
  readonly bytesDone: number
  readonly bytesPerSecond: number
}

const redrawMs = 100

export function createProgress({ show, columns, clock }: ProgressOptions): Progress {
  const began = clock()
  const total = { files: 0, filesDone: 0, bytes: 0, bytesDone: 0, skipped: 0 }
  let names: string[] = []
  let isShown = false

  function draw(): void {
    const seconds = Math.max(0.001, (clock() - began) / 1000)
    const bytesPerSecond = Math.max(0, total.bytesDone - total.skipped) / seconds
    show?.(barLine({ ...total, name: names[0] ?? '', bytesPerSecond }, columns()))
    isShown = true
  }
  const timer = show && setInterval(draw, redrawMs)
  timer?.unref()

  return {
    expect(files, bytes) {
      total.files += files
      total.bytes += bytes
    },
    begin(name) {
      names.push(name)
      const own = new Map<string, number>()
      const set = (piece: string, bytes: number) => {
        total.bytesDone += bytes - (own.get(piece) ?? 0)
        own.set(piece, bytes)
      }
      return {
        move: set,
        skip(piece, bytes) {
          set(piece, bytes)
          total.skipped += bytes
        },
        restart() {
          for (const piece of own.keys()) set(piece, 0)
        },
        end(isDone) {
          names = names.filter((one) => one !== name)
          if (isDone) total.filesDone += 1
        },
      }
    },
    line(print) {
      if (isShown) show?.('')
      isShown = false
      print()
    },
    end() {
      clearInterval(timer)
      if (isShown) show?.('')
      isShown = false
    },
  }
}

const barWidth = 20

/** `2/5 files  [########------------]   42 %  210.0 of 512.0 MiB  35.2 MiB/s  0:08` */
export function barLine(state: BarState, columns: number): string {
  const { name, files, filesDone, bytes, bytesDone, bytesPerSecond } = state
  const share = bytes > 0 ? Math.min(1, bytesDone / bytes) : 0
  const filled = Math.floor(share * barWidth)
  const left = bytesPerSecond > 0 ? (bytes - bytesDone) / bytesPerSecond : undefined
  const facts = [
    `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`,
    `${Math.floor(share * 100)} %`.padStart(5),
    `${showBytes(bytesDone)} of ${showBytes(bytes)}`,
    `${showBytes(bytesPerSecond)}/s`,
    ...(left === undefined ? [] : [showDuration(left)]),
  ].join('  ')
  const what = files > 1 ? `${filesDone}/${files} files` : printable(name)
  // A line that wraps cannot be taken back: the name gives way
  const room = columns - 1 - facts.length - 2
  const shown = [...what].length > room ? [...what].slice(0, Math.max(0, room)) : what
  return [...shown, '  ', ...facts].join('').slice(0, Math.max(0, columns - 1))
}

/** `1:02:03`, `0:08` */
function showDuration(seconds: number): string {
  const whole = Math.ceil(Math.max(0, seconds))
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  const rest = String(whole % 60).padStart(2, '0')
  return hours > 0
    ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}`
    : `${minutes}:${rest}`
}
