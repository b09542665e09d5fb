import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Work on a log's database that is timed in a process of its own. */
export type LogTask =
  | { readonly task: 'read'; readonly database: string }
  | { readonly task: 'replay'; readonly database: string; readonly scratch: string }
  | { readonly task: 'hash'; readonly database: string }
  | { readonly task: 'verify'; readonly dataDir: string }
  | { readonly task: 'rebuild'; readonly database: string }
  /** To a new log: that many small uploads. */
  | { readonly task: 'append'; readonly database: string; readonly files: number }

/** What the process prints, as JSON. */
export type LogTaskReport = { readonly events: number; readonly milliseconds: number }

const program = fileURLToPath(new URL('log-task.ts', import.meta.url))

/** Resolves to events per second. */
export async function logWork(
  nodeFlags: readonly string[],
  task: LogTask,
): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...nodeFlags,
    program,
    JSON.stringify(task),
  ])
  const { events, milliseconds }: LogTaskReport = JSON.parse(stdout)
  return (events * 1000) / milliseconds
}
