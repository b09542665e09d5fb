import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Custody } from '../servers/custody.ts'

/** What a process of readers is told, and prints when it ends. */
export type ReadersTask = {
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  readonly readers: number
}
export type ReadersReport = { readonly events: number; readonly open: number }

const program = fileURLToPath(new URL('event-readers-program.ts', import.meta.url))

/** Readers of live events, in a process of their own. Resolves when all are connected. */
export async function startEventReaders(
  { address, headers }: Custody,
  readers: number,
): Promise<{ stop(): Promise<ReadersReport> }> {
  const task: ReadersTask = { address, headers, readers }
  const child = spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  let onLine = () => {}
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines.push(...text.split('\n').filter((line) => line !== ''))
    onLine()
  })
  const hasEnded = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
  })
  const ready = new Promise<void>((resolve) => {
    onLine = resolve
  })
  await Promise.race([ready, hasEnded])
  if (lines[0] !== 'ready') throw new Error('the readers did not get through')
  return {
    async stop() {
      child.stdin.end()
      await hasEnded
      return JSON.parse(lines.at(-1) ?? '')
    },
  }
}
