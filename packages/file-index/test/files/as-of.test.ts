import { lastSeq } from '@custody/event-log'
import t from 'tap'
import { fileAsOf, findFile, listFilesAsOf } from '../../src/index.ts'
import { openIndex, type TestIndex } from '../fixtures/open-index.ts'

async function now(index: TestIndex) {
  return {
    seq: await lastSeq(index.log.reader.sql, 'north'),
    time: index.clock.now,
  }
}

const all = { project: 'north', order: 'asc', limit: 10_000 } as const
const second = 1_000_000

t.test('a file is there from its upload to its end', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const before = await now(index)
  const file = await index.upload()
  const during = await now(index)
  await index.remove(file)
  const after = await now(index)
  const state = await findFile(sql, file)
  if (!state) return t.fail('no file')
  t.equal(await fileAsOf(sql, state, before), null)
  t.match(await fileAsOf(sql, state, during), { id: file, version: 1, ended: null })
  t.equal(await fileAsOf(sql, state, after), null)
})

t.test(
  'a file is there to the second in which it expires, whenever that was logged',
  async (t) => {
    const index = await openIndex(t)
    const { sql } = index.log.reader
    const file = await index.upload({ expiresAfter: 10 })
    const { seq, time } = await now(index)
    const at = (seconds: number) =>
      listFilesAsOf(sql, { ...all, moment: { seq, time: time + seconds * second } })
    for (const isLogged of [false, true]) {
      if (isLogged) {
        index.clock.now += 60 * second
        await index.ask({ type: 'ExpireFile', file })
      }
      t.match(await at(9), [{ id: file, ended: null }])
      t.same(await at(10), [])
    }
  },
)

t.test('holds are those of then, and keep a file beyond its expiry', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const file = await index.upload({ expiresAfter: 10 })
  const free = await now(index)
  const asked = { file, idAsSent: file }
  await index.ask({
    ...asked,
    ...{ type: 'HoldFile', hold: 'h1', name: 'case 7', retainUntil: null },
  })
  index.clock.now += 60 * second
  const held = await now(index)
  await index.ask({ ...asked, type: 'ReleaseFile', hold: 'case 7' })
  const released = await now(index)
  const at = (moment: typeof free) => listFilesAsOf(sql, { ...all, moment })
  t.match(await at(free), [{ id: file, holds: [] }])
  t.match(await at(held), [{ id: file, holds: [{ id: 'h1', name: 'case 7' }] }])
  t.same(await at(released), [], 'it ended with the release')
})

t.test('files are found behind any number of others that had ended', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const first = await index.upload()
  const others = await Promise.all(Array.from({ length: 1_300 }, () => index.upload()))
  const full = await now(index)
  const last = await index.upload()
  await Promise.all(others.map((file) => index.remove(file)))
  const moment = await now(index)
  for (const [order, expected] of [
    ['asc', [first, last]],
    ['desc', [last, first]],
  ] as const) {
    const ids = (await listFilesAsOf(sql, { ...all, order, moment })).map(({ id }) => id)
    t.same(ids, expected)
    const page = await listFilesAsOf(sql, { ...all, order, limit: 1_200, moment: full })
    const seqs = page.map(({ seq }) => seq)
    t.equal(page.length, 1_200)
    t.same(
      seqs,
      seqs.toSorted((a, b) => (order === 'asc' ? a - b : b - a)),
    )
  }
  const signal = AbortSignal.abort(new Error('gone'))
  await t.rejects(listFilesAsOf(sql, { ...all, moment, signal }), { message: 'gone' })
})

t.test('each filter of a list holds for the past, too', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const secret = await index.upload({
    classification: 'restricted',
    complianceRegime: 'hipaa',
  })
  const vision = await index.upload({ purpose: 'vision' })
  const moment = await now(index)
  await index.remove(secret)
  await index.remove(vision)
  for (const [filter, expected] of [
    [{ purpose: 'vision' }, [vision]],
    [{ classification: 'restricted' }, [secret]],
    [{ complianceRegime: 'hipaa' }, [secret]],
    [{ complianceRegime: 'gdpr' }, []],
    [{ purpose: 'vision', classification: 'restricted' }, []],
    [{ project: 'south' }, []],
  ] as const) {
    const found = await listFilesAsOf(sql, { ...all, moment, ...filter })
    t.same(
      found.map(({ id }) => id),
      expected,
    )
  }
})
