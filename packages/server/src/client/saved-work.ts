import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CustodyError, quote } from '@custody/domain/errors'
import { takeExclusiveLock } from '@custody/event-log/lock'
import { makePrivateFolder } from '../data-folder/data-folder.ts'
import { replaceFile } from '../data-folder/replace-file.ts'

/** What is known of a transfer that may be interrupted; one process has it at a time. */
export interface SavedWork {
  /** 64 hex digits that are its own. */
  readonly name: string
  /** Whether it is there after this process. */
  readonly isKept: boolean
  /** What was saved last; undefined where nothing was. */
  load(): unknown
  save(state: object): void
  /** The transfer has ended: nothing of it is kept. */
  forget(): void
  close(): void
}

/** A folder for what is known of transfers. */
export interface SavedWorks {
  /**
   * What is known of the transfer that these texts name.
   *
   * @throws CustodyError where another process works at it
   */
  open(name: readonly string[], about: string): SavedWork
}

const daysKept = 7

/**
 * `custody/transfers` in `XDG_STATE_HOME`, or in `~/.local/state`.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME } = env
  const home = XDG_STATE_HOME?.startsWith('/')
    ? XDG_STATE_HOME
    : join(homedir(), '.local', 'state')
  return join(home, 'custody', 'transfers')
}

/** Where it cannot be written, `complain` hears why, and transfers are not resumed; none fails of that. */
export function openSavedWorks(
  folder: string,
  complain: (line: string) => void,
): SavedWorks {
  let isTold = false
  const onFailure = (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    if (!isTold) complain(`what is interrupted cannot be resumed: ${reason}`)
    isTold = true
  }
  try {
    makePrivateFolder(folder)
    removeOld(folder, Date.now() - daysKept * 86_400_000)
  } catch (error) {
    onFailure(error)
    return { open: (name) => unsaved(nameOf(name)) }
  }
  return {
    open(texts, about) {
      const name = nameOf(texts)
      let lock: ReturnType<typeof takeExclusiveLock>
      try {
        // The kernel gives it back when the process dies
        lock = takeExclusiveLock(join(folder, `${name}.lock`))
      } catch (error) {
        onFailure(error)
        return unsaved(name)
      }
      if (lock) return open(folder, name, lock, onFailure)
      throw new CustodyError(
        'invalid_value',
        `Another process is at work with ${quote(about)}.`,
      )
    },
  }
}

function open(
  folder: string,
  name: string,
  lock: { release(): void },
  onFailure: (error: unknown) => void,
): SavedWork {
  const path = join(folder, `${name}.json`)
  let isSaved = true
  let isKept = true
  const attempt = (change: () => void) => {
    try {
      change()
    } catch (error) {
      isKept = false
      onFailure(error)
    }
  }
  return {
    name,
    get isKept() {
      return isKept
    },
    load: () => {
      try {
        return JSON.parse(readFileSync(path, 'utf8'))
      } catch {
        return undefined
      }
    },
    save: (state) => {
      isSaved = true
      attempt(() => replaceFile(path, JSON.stringify(state), 0o600))
    },
    forget: () => {
      isSaved = false
      attempt(() => rmSync(path, { force: true }))
    },
    close: () => {
      if (!isSaved) attempt(() => rmSync(join(folder, `${name}.lock`), { force: true }))
      lock.release()
    },
  }
}

function unsaved(name: string): SavedWork {
  return {
    ...{ name, isKept: false },
    load: () => undefined,
    save() {},
    forget() {},
    close() {},
  }
}

const nameOf = (texts: readonly string[]) =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex')

function removeOld(folder: string, before: number): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found && found.mtimeMs < before) rmSync(path, { force: true })
  }
}
