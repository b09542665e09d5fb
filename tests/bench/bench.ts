import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type FilledLog, fillLog } from './filled-log/fill-log.ts'
import { inTurn, type Measure } from './in-turn.ts'
import type { Options } from './options.ts'
import { type ChildServer, endAll } from './servers/child-server.ts'
import { type Custody, type CustodyOptions, startCustody } from './servers/custody.ts'
import { type ReferenceName, startReference } from './servers/references.ts'
import { spreadFolders } from './spread-folders.ts'
import { warmMemory } from './warm-memory.ts'

/** What a row works with. Everything that it starts and writes is gone when the row has ended. */
export interface Bench {
  readonly options: Options
  /** Flags of Node for processes of Custody's own: where their profiles go. */
  readonly nodeFlags: readonly string[]
  /** A new folder on the disk that is measured. */
  folder(name: string): string
  startCustody(options?: CustodyOptions): Promise<Custody>
  startReference(
    name: ReferenceName,
    env?: Readonly<Record<string, string>>,
  ): Promise<ChildServer>
  /** A log with `options.files` files, filled the first time that a row asks. */
  filledLog(): Promise<FilledLog>
  /** Measures all contenders in turn; resolves to the values of each, one for each round. */
  inTurn<Name extends string>(
    contenders: Readonly<Record<Name, Measure>>,
  ): Promise<Record<Name, number[]>>
  /** Waits until what was written is on the disk, and warms memory: one measurement must not pay for another. */
  settle(): Promise<void>
  /** Tells the person who waits. */
  report(line: string): void
  /** Ends all servers and removes all folders, but not the filled log. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** `f_type` of file systems in memory: https://man7.org/linux/man-pages/man2/statfs.2.html */
const IN_MEMORY = new Set([0x01021994, 0x858458f6])

const cacheFolder = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))

/** @throws Error when the disk to measure is none */
export function openBench(options: Options): Bench {
  const parent = resolve(process.env.INIT_CWD ?? '', options.dir ?? cacheFolder)
  mkdirSync(parent, { recursive: true })
  if (IN_MEMORY.has(statfsSync(parent).type)) {
    throw new Error(`${parent} is in memory; name a folder on a disk with --dir`)
  }
  const root = mkdtempSync(join(parent, 'custody-bench-'))
  spreadFolders(root)
  const profiles = options.profile
    ? mkdtempSync(join(tmpdir(), 'custody-profiles-'))
    : undefined
  const nodeFlags =
    profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
  let folders: string[] = []
  let filled: Promise<FilledLog> | undefined

  const report = (line: string) => console.error(line)
  const removeAll = () => rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  const onExit = () => {
    endAll('SIGKILL')
    removeAll()
  }
  const onSignal = (signal: NodeJS.Signals) => {
    report(`ended by ${signal}`)
    process.exit(128 + constants.signals[signal])
  }
  process.once('exit', onExit)
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)

  function folder(name: string): string {
    const path = mkdtempSync(join(root, `${name}-`))
    folders.push(path)
    return path
  }

  async function settle(): Promise<void> {
    await promisify(execFile)('sync')
    warmMemory(root)
  }

  return {
    options,
    nodeFlags,
    folder,
    startCustody: (given) =>
      startCustody({ dataDir: given?.dataDir ?? folder('custody'), ...given }, nodeFlags),
    startReference: (name, env) => startReference(name, env),
    filledLog() {
      filled ??= fillLog(join(root, 'filled'), options.files, report)
      return filled
    },
    inTurn: (contenders) =>
      inTurn(contenders, {
        rounds: options.rounds,
        settle,
        onValue: (name, round, value) =>
          report(
            `  ${round === 0 ? 'warm-up' : `round ${round}`}  ${name}  ${value.toPrecision(4)}`,
          ),
      }),
    settle,
    report,
    async clear() {
      await endAll()
      for (const path of folders) {
        if (existsSync(path)) rmSync(path, { recursive: true, maxRetries: 5 })
      }
      folders = []
    },
    async close() {
      await endAll()
      removeAll()
      process.removeListener('exit', onExit)
      process.removeListener('SIGINT', onSignal)
      process.removeListener('SIGTERM', onSignal)
      if (profiles !== undefined) report(`CPU profiles are in ${profiles}`)
    },
  }
}
