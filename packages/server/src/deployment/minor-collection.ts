import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * V8's minor collection, as a function. It takes about a millisecond; see
 * docs/decisions/0011-minor-collections.md for what it spares.
 */
export function minorCollection(): () => void {
  setFlagsFromString('--expose-gc')
  const gc: NodeJS.GCFunction = runInNewContext('gc')
  return () => void gc({ type: 'minor' })
}
