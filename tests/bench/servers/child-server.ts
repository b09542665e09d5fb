import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/** A server in a process of its own. */
export interface ChildServer {
  /** `http://127.0.0.1:41234` */
  readonly address: string
  readonly pid: number
  /** Asks it to stop and waits until it has. */
  stop(): Promise<void>
}

/**
 * The same for all servers: as Custody's own default, so that a reference's fsyncs have as many threads as
 * Custody's.
 */
const UV_THREADPOOL_SIZE = '16'

const START_MS = 60_000

const running = new Set<ChildProcess>()

/**
 * Starts a program on this Node and waits until it says where it listens.
 *
 * @throws Error with what it wrote to standard error, when it ends or says nothing in time
 */
export async function startChildServer(
  args: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string>>
    /** Its address, once it can be known from what it has written to standard output. */
    readonly findAddress: (stdout: string, pid: number) => string | undefined
  },
): Promise<ChildServer> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME, UV_THREADPOOL_SIZE, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  let stdout = ''
  let stderr = ''
  // Read to the end, so that the pipes never fill up; only the last lines are worth a message.
  child.stdout.on('data', (chunk) => {
    stdout = (stdout + chunk).slice(-4096)
  })
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-4096)
  })
  await once(child, 'spawn')
  const { pid = 0 } = child

  for (const end = performance.now() + START_MS; performance.now() < end; ) {
    const address = options.findAddress(stdout, pid)
    if (address !== undefined) return { address, pid, stop: () => endChild(child) }
    if (child.exitCode !== null) break
    await delay(20)
  }
  await endChild(child, 'SIGKILL')
  throw new Error(`${args.at(-1)} did not start: ${stderr || 'it said nothing'}`)
}

/** Ends all servers that were started and still run. */
export async function endAll(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  await Promise.all([...running].map((child) => endChild(child, signal)))
}

async function endChild(
  child: ChildProcess,
  signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}
