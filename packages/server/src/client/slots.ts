/** Lets so many pieces of work run at once; the others wait in the order in which they came. */
export type Slots = <T>(work: () => Promise<T>) => Promise<T>

export function createSlots(count: number): Slots {
  const waiting: (() => void)[] = []
  let free = count
  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}

/**
 * Does a work for each item, so many at once, in their order. The first that throws ends it: what has not begun does
 * not, and what has is waited for.
 */
export async function forEachAtOnce<T>(
  items: readonly T[],
  count: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const rest = items.entries()
  let isOver = false
  const results = await Promise.allSettled(
    Array.from({ length: Math.min(count, items.length) }, async () => {
      for (const [index, item] of rest) {
        if (isOver) return
        try {
          await work(item, index)
        } catch (error) {
          isOver = true
          throw error
        }
      }
    }),
  )
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
