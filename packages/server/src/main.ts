import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import type { Writable } from 'node:stream'
import { CustodyError } from '@custody/domain/errors'
import { CommanderError } from 'commander'
import { describeProgram } from './program.ts'
import type { CommandContext } from './terminal/command-context.ts'

/** Where lines of a command go. */
export type Outputs = Readonly<Record<'stdout' | 'stderr', Writable>>

/**
 * The `custody` command. Resolves to its exit code: 0 done, 1 refused or failed, 2 wrong usage.
 *
 * @param outputs Default: those of the process. What is wrong with the usage goes to those of the process.
 */
export async function main(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  { stdout, stderr }: Outputs = process,
): Promise<number> {
  const isTerminal = stdout === process.stdout && process.stdout.isTTY === true
  const isWatched = stderr === process.stderr && process.stderr.isTTY === true
  const context: CommandContext = {
    env,
    // Under `npm run` the working directory is the repository's; this is where the person typed.
    cwd: env.INIT_CWD ?? process.cwd(),
    isTerminal,
    output: stdout,
    columns: () => process.stderr.columns || 80,
    print: (line) => void stdout.write(`${line}\n`),
    complain: (line) => void stderr.write(`custody: ${line}\n`),
    ...(isWatched && {
      progress: (text: string) => void stderr.write(`\r\u001b[K${text}`),
    }),
    ...(process.stdin.isTTY && isWatched && { ask }),
  }
  let code = 0
  const program = describeProgram(async (work) => {
    code = await work(context)
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    context.complain(describeError(error))
    return 1
  }
}

/** Where an error is none of ours and none of the system's, it is a defect, and its stack says where. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Such as: ENOSPC: no space left on device, write
  if (error instanceof CustodyError || 'syscall' in error) return error.message
  return error.stack ?? error.message
}

/** On standard error: standard output may be read by a program. */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({
    ...{ input: process.stdin, output: process.stderr },
    // The terminal's own editing of lines: so Ctrl-C is a signal
    terminal: false,
  })
  try {
    const ended = once(terminal, 'close', { signal }).then(() => '')
    return await Promise.race([terminal.question(question, { signal }), ended])
  } finally {
    terminal.close()
  }
}
