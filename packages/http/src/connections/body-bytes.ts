const MiB = 2 ** 20

/** Bytes of bodies after which what they left behind is collected. */
const COLLECT_EVERY = 4 * MiB

/** Counts the bytes of all streamed bodies; calls `collect` every 4 MiB. */
export function countBodyBytes(collect: () => void): (bytes: number) => void {
  let since = 0
  return (bytes) => {
    since += bytes
    if (since < COLLECT_EVERY) return
    since = 0
    collect()
  }
}
