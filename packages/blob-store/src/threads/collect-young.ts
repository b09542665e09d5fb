import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes after which the slices that are done with are collected: left alone, V8 lets 64 MiB of them add up. */
const COLLECT_BYTES = 4 * 1024 * 1024

/**
 * For a thread that works on content in slices, each an allocation outside the heap that dies a moment later: the
 * function is to be told of their bytes (docs/decisions/0011-minor-collections.md).
 */
export function collectYoung(): (bytes: number) => void {
  setFlagsFromString('--expose-gc')
  const collect: NodeJS.GCFunction = runInNewContext('gc')
  let taken = 0
  return (bytes) => {
    taken += bytes
    if (taken < COLLECT_BYTES) return
    taken = 0
    void collect({ type: 'minor' })
  }
}
