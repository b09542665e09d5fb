import fc from 'fast-check'
import t from 'tap'
import {
  type CreatedBefore,
  countCreatedBefore,
  findFile,
  listCreatedBefore,
} from '../../src/index.ts'
import { createProject, openIndex, type Upload } from '../fixtures/open-index.ts'

type Query = Partial<Omit<CreatedBefore, 'project'>>

const index = await openIndex(t)
let projects = 0

/** A project of its own for each test: their files have nothing to do with each other. */
async function newProject() {
  projects += 1
  const project = `project ${projects}`
  await createProject(index, project)
  const asked = (query: Query): CreatedBefore => ({
    project,
    purpose: 'batch',
    before: index.clock.now + 1_000,
    limit: 100,
    now: index.now(),
    ...query,
  })
  return {
    /** One second after the file before it. */
    upload(given: Upload = {}) {
      index.clock.now += 1_000_000
      return index.upload({ ...given, project })
    },
    remove: (file: string | undefined) => index.remove(file ?? '', project),
    hold: (file: string, retainUntil: number | null) =>
      index.ask(
        { type: 'HoldFile', file, idAsSent: file, hold: 'h', name: 'n', retainUntil },
        project,
      ),
    page: (query: Query = {}) => listCreatedBefore(index.log.reader.sql, asked(query)),
    count: (query: Query = {}) => countCreatedBefore(index.log.reader.sql, asked(query)),
  }
}

type Project = Awaited<ReturnType<typeof newProject>>

async function allPages(project: Project, query: Query) {
  const ids: string[] = []
  let after: number | undefined
  do {
    const page = await project.page({ ...query, ...(after !== undefined && { after }) })
    ids.push(...page.ids)
    after = page.next
  } while (after !== undefined)
  return ids
}

async function countOfAllPages(project: Project, query: Query) {
  let count = 0
  let after: number | undefined
  do {
    const page = await project.count({ ...query, ...(after !== undefined && { after }) })
    count += page.count
    after = page.next
  } while (after !== undefined)
  return count
}

t.test('files created before a time, the oldest first, and no other', async (t) => {
  const north = await newProject()
  const south = await newProject()
  const ids = [await north.upload(), await north.upload()]
  await north.upload({ purpose: 'vision' })
  await south.upload()
  const before = index.clock.now + 500_000
  const later = await north.upload()
  t.same(await north.page({ before }), { ids, held: 0, next: undefined })
  t.same(await north.page(), { ids: [...ids, later], held: 0, next: undefined })
  t.same(await north.page({ purpose: 'audio' }), { ids: [], held: 0, next: undefined })
  t.same(await north.count({ before }), { count: 2, held: 0, next: undefined })
  t.same(await north.count({ purpose: 'audio' }), { count: 0, held: 0, next: undefined })
})

t.test('a file of the very time is not before it', async (t) => {
  const north = await newProject()
  const id = await north.upload()
  const state = await findFile(index.log.reader.sql, id)
  const created = state?.createdAt ?? 0
  t.same((await north.page({ before: created })).ids, [])
  t.same((await north.page({ before: created + 1 })).ids, [id])
  t.equal((await north.count({ before: created })).count, 0)
  t.equal((await north.count({ before: created + 1 })).count, 1)
})

t.test('ended files are not there, nor those whose expiry has passed', async (t) => {
  const north = await newProject()
  const [first, , third] = [
    await north.upload(),
    await north.upload({ expiresAfter: 5 }),
    await north.upload(),
  ]
  t.equal((await north.page()).ids.length, 3)
  await north.remove(first)
  index.clock.now += 10_000_000
  t.same((await north.page()).ids, [third])
  t.equal((await north.count()).count, 1)
})

t.test('there is a next page just when a further file matches', async (t) => {
  const north = await newProject()
  for (let n = 0; n < 4; n += 1) await north.upload()
  const before = index.clock.now + 500_000
  await north.upload()
  t.ok((await north.page({ before, limit: 3 })).next)
  t.equal((await north.page({ before, limit: 4 })).next, undefined)
  t.equal((await north.page({ before, limit: 5 })).next, undefined)
})

t.test('pages of any size find the same as a look at every file', async (t) => {
  const kinds = fc.record({
    vision: fc.boolean(),
    expires: fc.boolean(),
    ended: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(kinds, { maxLength: 12 }),
      fc.nat({ max: 13 }),
      fc.integer({ min: 1, max: 6 }),
      async (files, cut, limit) => {
        const north = await newProject()
        const expected: string[] = []
        let before = 0
        for (const [n, { vision, expires, ended }] of files.entries()) {
          const id = await north.upload({
            purpose: vision ? 'vision' : 'batch',
            ...(expires && { expiresAfter: 20 }),
          })
          if (ended) await north.remove(id)
          if (n < cut) {
            before = index.clock.now + 500_000
            if (!vision && !expires && !ended) expected.push(id)
          }
        }
        index.clock.now += 20_000_000
        t.same(await allPages(north, { before, limit }), expected)
        t.equal(await countOfAllPages(north, { before, limit }), expected.length)
      },
    ),
    { numRuns: 40 },
  )
})

t.test('what is held is counted, and not listed', async (t) => {
  const north = await newProject()
  const [free, held, kept] = [
    await north.upload(),
    await north.upload(),
    await north.upload(),
  ]
  const end = index.now() + 100
  await north.hold(held, null)
  await north.hold(kept, end)
  t.match(await north.page(), { ids: [free], held: 2 })
  t.match(await north.count(), { count: 3, held: 2 })
  t.match(await north.page({ now: end }), { ids: [free, kept], held: 1 })
  t.match(await north.count({ now: end }), { count: 3, held: 1 })
})
