import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type ControlBlock, word } from '../protocol.ts'

let collect: (() => void) | undefined

/**
 * When the host finds much memory in use it asks how much of that is garbage: V8 lets strings of 30 MiB lie
 * for longer than a thread's bound has room for. Answers by what is left after a collection.
 */
export function collectIfAsked({ words }: ControlBlock): void {
  if (Atomics.load(words, word.collect) === 0) return
  collect ??= exposeCollector()
  collect()
  const { used_heap_size, external_memory } = getHeapStatistics()
  const kibibytes = Math.ceil((used_heap_size + external_memory) / 1024)
  Atomics.store(words, word.usedKiB, kibibytes)
  Atomics.store(words, word.collect, 0)
}

/** Contexts that are made while the flag is set have the function. */
function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}
