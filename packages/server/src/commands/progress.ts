/** How often a line of progress is written, in milliseconds. */
const EVERY_MS = 100

const WIDTH = 24

/** `[########----------------]  33 %  12.0 of 36.0 MiB`, written to a terminal now and then. */
export function progressBar(
  write: ((text: string) => void) | undefined,
  now: () => number,
): { show(done: number, of: number, what: string): void; end(): void } {
  let next = 0
  return {
    show(done, of, what) {
      if (!write || (now() < next && done < of)) return
      next = now() + EVERY_MS
      const share = of === 0 ? 1 : Math.min(1, done / of)
      const full = Math.round(share * WIDTH)
      const bar = '#'.repeat(full) + '-'.repeat(WIDTH - full)
      const percent = `${Math.floor(share * 100)}`.padStart(3)
      write(`[${bar}] ${percent} %  ${what}`)
    },
    end: () => write?.(''),
  }
}

/** `36.0 MiB` */
export function showBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${units[unit]}`
}
