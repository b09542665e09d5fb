import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 leave loops as they are from now on, in all threads. Its unrolling (13.6, of Node 24) takes the check out of some
 * endless loops through which a thread is measured and ended: `for (;;) kept.push(new Array(1000))` then runs until memory is at
 * its end, and the process with it.
 *
 * @see docs/decisions/0009-memory-of-plugins.md
 */
export function keepLoopsInterruptible(): void {
  setFlagsFromString('--no-turboshaft-loop-unrolling')
}
