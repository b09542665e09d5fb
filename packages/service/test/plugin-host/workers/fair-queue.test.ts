import fc from 'fast-check'
import t from 'tap'
import { FairQueue } from '../../../src/plugin-host/workers/fair-queue.ts'

type Item = { readonly project: string; readonly n: number }

t.test('projects take turns, and those of one project stay in order', (t) => {
  const queue = new FairQueue<Item>()
  for (const [n, project] of [...'aaabbc'].entries()) queue.push({ project, n })
  const taken: string[] = []
  for (let item = queue.take(); item; item = queue.take()) {
    taken.push(`${item.project}${item.n}`)
  }
  t.same(taken, ['a0', 'b3', 'c5', 'a1', 'b4', 'a2'])
  t.equal(queue.size, 0)
  t.end()
})

t.test('a project that does not pass keeps its place', (t) => {
  const queue = new FairQueue<Item>()
  for (const [n, project] of [...'aab'].entries()) queue.push({ project, n })
  t.match(
    queue.take((project) => project !== 'a'),
    { n: 2 },
  )
  t.equal(
    queue.take((project) => project !== 'a'),
    undefined,
  )
  t.notOk(queue.has((project) => project === 'b'))
  t.match(queue.take(), { n: 0 })
  t.end()
})

t.test('whatever is pushed, taken and removed, nothing is lost or comes twice', (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push'), project: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ kind: fc.constantFrom('take', 'remove'), project: fc.constant('') }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new FairQueue<Item>()
      const inside = new Set<Item>()
      for (const [n, { kind, project }] of steps.entries()) {
        if (kind === 'push') {
          const item = { project, n }
          queue.push(item)
          inside.add(item)
        } else if (kind === 'take') {
          const item = queue.take()
          if (item === undefined ? inside.size > 0 : !inside.delete(item)) return false
        } else {
          const [item] = [...inside].slice(-1)
          if (item !== undefined && !(queue.remove(item) && inside.delete(item)))
            return false
        }
        if (queue.size !== inside.size || [...queue].length !== inside.size) return false
      }
      const rest = queue.clear()
      return rest.length === inside.size && rest.every((item) => inside.has(item))
    }),
  )
  t.end()
})
