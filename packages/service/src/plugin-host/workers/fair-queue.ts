/** What waits, project by project: those of one project in order, the projects in turn. */
export class FairQueue<Item extends { readonly project: string }> {
  /** In the order of their turns; none is empty. */
  readonly #lines = new Map<string, Line<Item>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: Item): void {
    const line = this.#lines.get(item.project)
    if (line === undefined) this.#lines.set(item.project, { items: [item], next: 0 })
    else line.items.push(item)
    this.#size += 1
  }

  /** Whether a project that passes has something here. */
  has(passes: (project: string) => boolean): boolean {
    for (const project of this.#lines.keys()) if (passes(project)) return true
    return false
  }

  /** The next item of a project that passes. */
  take(passes?: (project: string) => boolean): Item | undefined {
    for (const [project, line] of this.#lines) {
      if (passes !== undefined && !passes(project)) continue
      const item = line.items[line.next]
      line.next += 1
      this.#size -= 1
      this.#endTurn(project, line)
      return item
    }
    return undefined
  }

  /** Takes an item out of turn. */
  remove(item: Item): boolean {
    const line = this.#lines.get(item.project)
    const at = line?.items.indexOf(item, line.next) ?? -1
    if (line === undefined || at === -1) return false
    line.items.splice(at, 1)
    this.#size -= 1
    if (line.next >= line.items.length) this.#lines.delete(item.project)
    return true
  }

  /** All items, which are gone then. */
  clear(): Item[] {
    const items = [...this.#lines.values()].flatMap((line) => line.items.slice(line.next))
    this.#lines.clear()
    this.#size = 0
    return items
  }

  /** The items, which stay. */
  *[Symbol.iterator](): Iterator<Item> {
    for (const { items, next } of this.#lines.values()) yield* items.slice(next)
  }

  #endTurn(project: string, line: Line<Item>): void {
    if (line.next >= line.items.length) {
      this.#lines.delete(project)
      return
    }
    if (line.next > 64) {
      line.items.splice(0, line.next)
      line.next = 0
    }
    if (this.#lines.size === 1) return
    this.#lines.delete(project)
    this.#lines.set(project, line)
  }
}

type Line<Item> = { readonly items: Item[]; next: number }
