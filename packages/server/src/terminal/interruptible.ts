import { setMaxListeners } from 'node:events'
import { constants } from 'node:os'
import type { CommandContext } from './command-context.ts'

/** What a command is given that can be interrupted. */
export type InterruptibleContext = CommandContext & {
  /** Ends what is under way. */
  readonly signal: AbortSignal
}

/**
 * Runs a command that SIGINT and SIGTERM end in order; a second one ends it at once. Exit code then, as shells have
 * it: 128 and the number of the signal. The same where nobody reads its output any more.
 */
export async function interruptible(
  context: CommandContext,
  work: (context: InterruptibleContext) => Promise<number>,
): Promise<number> {
  const controller = new AbortController()
  // Each request that is under way listens
  setMaxListeners(0, controller.signal)
  let interruption: NodeJS.Signals | undefined
  const stop = (signal: NodeJS.Signals) => {
    interruption ??= signal
    controller.abort(new Error('interrupted'))
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, stop)
  const lost = () => stop('SIGPIPE')
  context.output.on('error', lost)
  try {
    const code = await work({ ...context, signal: controller.signal })
    if (interruption === undefined) return code
  } catch (error) {
    if (interruption === undefined) throw error
  } finally {
    for (const signal of signals) process.removeListener(signal, stop)
    // The output keeps its listener: what it could not write is told later
  }
  if (interruption !== 'SIGPIPE') {
    context.complain('interrupted: the same command does what is left')
  }
  return 128 + constants.signals[interruption]
}
