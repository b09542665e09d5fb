import t from 'tap'
import { compareList, purgedLine } from '../../src/erasure/erasure-list.ts'

const line = (position: number, event: string) =>
  JSON.stringify({
    erased: { position, event, project: 'p', stream: 's', time: '', groups: [] },
  })

/** A list that says these lines, and a log that has these events. */
function compare(lines: readonly string[], events: Readonly<Record<number, string>>) {
  const read: string[] = []
  const file = {
    append() {},
    *backward() {
      for (const one of lines.toReversed()) {
        read.push(one)
        yield one
      }
    },
  }
  return { read, result: compareList(file, async (position) => events[position]) }
}

t.test('of a long list only the end is read', async (t) => {
  const lines = [line(3, 'a'), line(5, 'b'), line(9, 'c'), purgedLine]
  const { read, result } = compare(lines, { 3: 'a', 5: 'b', 9: 'c' })
  t.same(await result, { missing: [], listedTo: 9, isPurged: true })
  t.equal(read.length, 2)
})

t.test('what the log does not have is missing, the oldest first', async (t) => {
  const lines = [line(3, 'a'), line(5, 'b'), purgedLine, line(9, 'c'), line(12, 'd')]
  const { missing, listedTo, isPurged } = await compare(lines, { 3: 'a', 5: 'other' })
    .result
  t.same(
    missing.map(({ event }) => event),
    ['b', 'c', 'd'],
  )
  t.equal(listedTo, 3)
  t.equal(isPurged, false)
})

t.test('no list is an empty one', async (t) => {
  t.same(await compare([], {}).result, { missing: [], listedTo: 0, isPurged: true })
})

t.test('a line that is none of ours stops the start', async (t) => {
  for (const wrong of ['{', '{}', '{"erased":{"position":"1"}}']) {
    await t.rejects(compare([wrong], {}).result, /holds the line/)
  }
})
