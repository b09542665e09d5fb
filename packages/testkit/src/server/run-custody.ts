import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The command, as `node` runs it. */
export const custodyBin = fileURLToPath(
  new URL('../bin/custody.ts', import.meta.resolve('@custody/server')),
)

/** Environment variables; undefined ones are taken away. */
export type Settings = Readonly<Record<string, string | undefined>>

/** Settings of every process that a test starts, unless it says otherwise. */
export const testSettings = {
  CUSTODY_PORT: '0',
  CUSTODY_API_KEY: 'sk-custody-test-key-of-the-default-project',
  CUSTODY_ADMIN_KEY: 'sk-custody-admin-test-key-of-the-deployment',
  CUSTODY_LOG: 'json',
}

export type CommandOptions = {
  readonly dataDir: string
  /** Further settings; undefined takes one away that tests have by default. */
  readonly env?: Settings
  /** Folder that the command is typed in. Default: `/`. */
  readonly cwd?: string
  /** What it reads from standard input. */
  readonly stdin?: string
  /** User that it runs as, where a test runs as root. Default: that of the test. */
  readonly uid?: number
}

export type CommandResult = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `custody ARGS` to its end. */
export async function custody(
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const child = spawn(...commandOf(args, options.env), {
    env: environment({
      ...testSettings,
      CUSTODY_DATA_DIR: options.dataDir,
      ...options.env,
    }),
    cwd: options.cwd ?? '/',
    ...(options.uid !== undefined && { uid: options.uid }),
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.stdin ?? '')
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    }),
  ])
  return { code, stdout, stderr }
}

/**
 * As `custody`, but in this process, which takes a tenth of the time. For a command that a test runs many times, and
 * whose end as a process another test sees; not for one that reads standard input, or writes what is no line.
 */
export async function custodyHere(
  args: readonly string[],
  { dataDir, env, cwd = '/' }: Omit<CommandOptions, 'stdin'>,
): Promise<CommandResult> {
  const { main } = await import('@custody/server')
  const settings = { ...testSettings, CUSTODY_DATA_DIR: dataDir, ...env, INIT_CWD: cwd }
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const texts = Promise.all([text(stdout), text(stderr)])
  const code = await main(args, environment(settings), { stdout, stderr })
  for (const output of [stdout, stderr]) output.end()
  const [printed, complained] = await texts
  return { code, stdout: printed, stderr: complained }
}

/**
 * What is spawned for `custody ARGS`. Tap has each Node that a test starts list its modules, which takes a fourth of a
 * server's start; only a program in between can keep what tap adds to `NODE_OPTIONS` from it.
 */
export function commandOf(
  args: readonly string[],
  { NODE_OPTIONS }: Settings = {},
): [program: string, args: string[]] {
  const own = NODE_OPTIONS === undefined ? [] : [`NODE_OPTIONS=${NODE_OPTIONS}`]
  const without = ['-u', 'NODE_OPTIONS', ...own]
  return ['/usr/bin/env', [...without, process.execPath, custodyBin, ...args]]
}

/** The environment of a child: what any program needs, and the settings; nothing of the test runner's. */
export function environment(settings: Settings): Record<string, string> {
  const { PATH, HOME, TMPDIR } = process.env
  // The tests start some hundred processes; with compiled code at hand each takes half the time to begin.
  const NODE_COMPILE_CACHE = join(tmpdir(), 'custody-test-compile-cache')
  const all = { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE, ...settings }
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined) given[name] = value
  }
  return given
}
