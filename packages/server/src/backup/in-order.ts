/** Does work on each item, some at once, and yields the results in the order of the items. */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item> | Iterable<Item>,
  { atOnce }: { readonly atOnce: number },
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = []
  try {
    for await (const item of items) {
      const one = work(item)
      // A failure is told in its turn; until then it must not end the process.
      one.catch(() => {})
      running.push(one)
      const first = running.length < atOnce ? undefined : running.shift()
      if (first) yield await first
    }
    for (let one = running.shift(); one; one = running.shift()) yield await one
  } finally {
    await Promise.allSettled(running)
  }
}
