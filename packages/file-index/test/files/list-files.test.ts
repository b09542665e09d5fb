import t from 'tap'
import type { Sql, SqlValue, Statement } from '../../../event-log/src/index.ts'
import {
  type CountFiles,
  countFiles,
  type ListFiles,
  listFiles,
} from '../../src/index.ts'
import { createProject, openIndex, type Upload } from '../fixtures/open-index.ts'

type Query = Omit<Partial<ListFiles>, 'project'>

const index = await openIndex(t)
let projects = 0

/** A project of its own for each test: their lists have nothing to do with each other. */
async function newProject() {
  projects += 1
  const project = `project ${projects}`
  await createProject(index, project)
  return {
    upload: (given: Upload = {}) => index.upload({ ...given, project }),
    remove: (file: string | undefined) => index.remove(file ?? '', project),
    expire: (file: string) => index.ask({ type: 'ExpireFile', file }, project),
    hold: (file: string) => {
      const hold = {
        idAsSent: file,
        hold: index.newId(),
        name: 'kept',
        retainUntil: null,
      }
      return index.ask({ type: 'HoldFile', file, ...hold }, project)
    },
    list: (query: Query = {}) =>
      listFiles(index.log.reader.sql, {
        project,
        order: 'asc',
        limit: 100,
        now: index.now(),
        ...query,
      }),
    count: (query: Partial<CountFiles> = {}) =>
      countFiles(index.log.reader.sql, { project, now: index.now(), ...query }),
  }
}

type Project = Awaited<ReturnType<typeof newProject>>

const idsOf = async (project: Project, query?: Query) =>
  (await project.list(query)).map(({ id }) => id)

/** All pages, one after the other. */
async function pages(project: Project, query: Query) {
  const found: string[][] = []
  let after: number | undefined
  for (;;) {
    const page = await project.list({ ...query, ...(after !== undefined && { after }) })
    const last = page.at(-1)
    if (!last) return found
    found.push(page.map(({ id }) => id))
    after = last.seq
  }
}

t.test('files are listed in the order of their upload, in both directions', async (t) => {
  const north = await newProject()
  const ids: string[] = []
  for (let n = 0; n < 7; n += 1) ids.push(await north.upload())
  const newestFirst = ids.toReversed()
  t.same(await idsOf(north), ids)
  t.same(await idsOf(north, { order: 'desc' }), newestFirst)
  t.same(await pages(north, { limit: 3 }), [
    ids.slice(0, 3),
    ids.slice(3, 6),
    ids.slice(6),
  ])
  t.same(await pages(north, { limit: 3, order: 'desc' }), [
    newestFirst.slice(0, 3),
    newestFirst.slice(3, 6),
    newestFirst.slice(6),
  ])
})

t.test('the order is that of the log, whatever the ids say', async (t) => {
  const north = await newProject()
  const [low, high] = [index.newId(), index.newId()]
  await north.upload({ file: high })
  await north.upload({ file: low })
  t.same(await idsOf(north), [high, low])
})

t.test('a list has one project, and one purpose where one is asked for', async (t) => {
  const [north, south, east] = [
    await newProject(),
    await newProject(),
    await newProject(),
  ]
  const files = [
    await north.upload({ purpose: 'batch' }),
    await north.upload({ purpose: 'vision' }),
    await north.upload({ purpose: 'batch' }),
  ]
  const other = await south.upload({ purpose: 'batch' })
  t.same(await idsOf(north), files)
  t.same(await idsOf(north, { purpose: 'batch' }), [files[0], files[2]])
  t.same(await pages(north, { purpose: 'batch', limit: 1, order: 'desc' }), [
    [files[2]],
    [files[0]],
  ])
  t.same(await idsOf(north, { purpose: 'batc' }), [])
  t.same(await idsOf(south), [other])
  t.same(await idsOf(east), [])
})

t.test('a cursor goes on working when its file has ended', async (t) => {
  const north = await newProject()
  const ids: string[] = []
  for (let n = 0; n < 5; n += 1) ids.push(await north.upload())
  const [, second] = await north.list({ limit: 2 })
  await north.remove(ids[1])
  await north.remove(ids[2])
  const after = second?.seq ?? 0
  t.same(await idsOf(north, { after }), [ids[3], ids[4]])
  t.same(await idsOf(north, { after, order: 'desc' }), [ids[0]])
})

t.test('a file that arrives meanwhile does not shift the pages', async (t) => {
  const north = await newProject()
  const ids: string[] = []
  for (let n = 0; n < 4; n += 1) ids.push(await north.upload())
  const [, second] = await north.list({ limit: 2, order: 'desc' })
  await north.upload()
  t.same(await idsOf(north, { after: second?.seq ?? 0, order: 'desc' }), [ids[1], ids[0]])
})

t.test(
  'a file is hidden from the second of its expiry, before the log says so',
  async (t) => {
    const north = await newProject()
    const kept = await north.upload()
    const short = await north.upload({ expiresAfter: 10 })
    const long = await north.upload({ expiresAfter: 11 })
    index.clock.now += 9_000_000
    t.same(await idsOf(north), [kept, short, long])
    index.clock.now += 1_000_000
    t.same(await idsOf(north), [kept, long])
    t.same(await idsOf(north, { purpose: 'batch', order: 'desc' }), [long, kept])
    await north.expire(short)
    t.same(await idsOf(north), [kept, long])
  },
)

t.test('pages are full however many files between them are hidden', async (t) => {
  const north = await newProject()
  const kept: string[] = []
  for (let n = 0; n < 12; n += 1) {
    if (n % 3 === 0) kept.push(await north.upload())
    else await north.upload({ expiresAfter: 1 })
  }
  index.clock.now += 1_000_000
  t.same(await pages(north, { limit: 2 }), [kept.slice(0, 2), kept.slice(2)])
})

t.test(
  'classification and compliance regime narrow a list, alone and together',
  async (t) => {
    const north = await newProject()
    const south = await newProject()
    const plain = await north.upload()
    const open = await north.upload({ classification: 'public' })
    const health = await north.upload({
      classification: 'phi',
      complianceRegime: 'hipaa',
    })
    const image = await north.upload({ classification: 'phi', purpose: 'vision' })
    await south.upload({ classification: 'phi', complianceRegime: 'hipaa' })
    t.same(await idsOf(north, { classification: 'public' }), [open])
    t.same(await idsOf(north, { classification: 'phi' }), [health, image])
    t.same(await idsOf(north, { complianceRegime: 'hipaa' }), [health])
    t.same(await idsOf(north, { classification: 'phi', purpose: 'vision' }), [image])
    t.same(await idsOf(north, { classification: 'phi', complianceRegime: 'hipaa' }), [
      health,
    ])
    t.same(await idsOf(north, { classification: 'restricted' }), [])
    t.same(await pages(north, { classification: 'phi', limit: 1, order: 'desc' }), [
      [image],
      [health],
    ])
    await north.remove(health)
    t.same(await idsOf(north, { classification: 'phi' }), [image])
    t.same(await idsOf(north), [plain, open, image])
  },
)

t.test('an offset passes over live files only', async (t) => {
  const north = await newProject()
  const ids: string[] = []
  for (let n = 0; n < 5; n += 1) ids.push(await north.upload())
  t.same(await idsOf(north, { offset: 2, limit: 2 }), [ids[2], ids[3]])
  t.same(await idsOf(north, { offset: 4, order: 'desc' }), [ids[0]])
  t.same(await idsOf(north, { offset: 5 }), [])
  await north.remove(ids[0])
  t.same(await idsOf(north, { offset: 2, limit: 2 }), [ids[3], ids[4]])
})

t.test('an offset passes over as many files as the list has up to there', async (t) => {
  const north = await newProject()
  const south = await newProject()
  const held: string[] = []
  for (let n = 0; n < 12; n += 1) {
    const purpose = n % 2 === 0 ? 'batch' : 'vision'
    const file = await north.upload({ purpose, ...(n % 3 === 0 && { expiresAfter: 10 }) })
    if (n % 4 === 0) held.push(file)
    await south.upload({ expiresAfter: 10 })
  }
  for (const file of held) await north.hold(file)
  index.clock.now += 10_000_000
  for (const order of ['asc', 'desc'] as const) {
    for (const purpose of [{}, { purpose: 'vision' }]) {
      const all = await idsOf(north, { order, ...purpose })
      for (let offset = 0; offset <= all.length; offset += 1) {
        t.same(await idsOf(north, { order, ...purpose, offset }), all.slice(offset))
      }
      const after = (await north.list({ order, ...purpose }))[1]?.seq ?? 0
      t.same(await idsOf(north, { order, ...purpose, after, offset: 1 }), all.slice(3))
    }
  }
})

t.test('the count is that of the whole list, at every second', async (t) => {
  const north = await newProject()
  const south = await newProject()
  t.equal(await north.count(), 0)
  const kept = await north.upload()
  const short = await north.upload({ expiresAfter: 10 })
  await north.upload({ purpose: 'vision', expiresAfter: 10 })
  await south.upload({ expiresAfter: 10 })
  t.equal(await north.count(), 3)
  t.equal(await north.count({ purpose: 'vision' }), 1)
  t.equal(await north.count({ purpose: 'audio' }), 0)
  index.clock.now += 10_000_000
  t.equal(await north.count(), 1, 'due, and not logged as expired yet')
  t.equal(await north.count({ purpose: 'batch' }), 1)
  t.equal(await north.count({ purpose: 'vision' }), 0)
  await north.expire(short)
  t.equal(await north.count(), 1)
  await north.remove(kept)
  t.equal(await north.count(), 0)
})

/** What SQLite does first for each statement. */
async function firstSteps(ask: (sql: Sql) => Promise<unknown>): Promise<string[]> {
  const { sql } = index.log.reader
  const steps: string[] = []
  async function explain<Args extends Record<string, SqlValue>>(
    statement: Statement<Args, unknown>,
    args: Args,
  ): Promise<void> {
    const explained: Statement<Args, { readonly detail: string }> = {
      compile(kysely) {
        const query = statement.compile(kysely)
        return { ...query, sql: `explain query plan ${query.sql}` }
      },
    }
    const [first] = await sql.all(explained, args)
    steps.push(first?.detail ?? '')
  }
  const explained: Sql = {
    ...sql,
    async all<Args extends Record<string, SqlValue>, Row>(
      statement: Statement<Args, Row>,
      args: Args,
    ) {
      await explain(statement, args)
      return await sql.all(statement, args)
    },
    async get<Args extends Record<string, SqlValue>, Row>(
      statement: Statement<Args, Row>,
      args: Args,
    ) {
      await explain(statement, args)
      return await sql.get(statement, args)
    },
  }
  await ask(explained)
  return steps
}

t.test('the count begins with what is due, however many files there are', async (t) => {
  for (const purpose of [{}, { purpose: 'batch' }]) {
    const steps = await firstSteps((sql) =>
      countFiles(sql, { project: 'north', now: index.now(), ...purpose }),
    )
    t.equal(steps.length, 2)
    t.match(steps[1], /^SEARCH deadlines\w* USING PRIMARY KEY \(due_at</)
  }
})

t.test('every set of filters has an index of its own', async (t) => {
  const filters: readonly [Query, string][] = [
    [{}, ''],
    [{ purpose: 'batch' }, '_by_purpose'],
    [{ classification: 'phi' }, '_by_classification'],
    [{ complianceRegime: 'hipaa' }, '_by_compliance_regime'],
    [
      { classification: 'phi', complianceRegime: 'hipaa' },
      '_by_classification_and_compliance_regime',
    ],
    [{ purpose: 'batch', classification: 'phi' }, '_by_purpose_and_classification'],
    [
      { purpose: 'batch', complianceRegime: 'hipaa' },
      '_by_purpose_and_compliance_regime',
    ],
    [
      { purpose: 'batch', classification: 'phi', complianceRegime: 'hipaa' },
      '_by_purpose_and_classification_and_compliance_regime',
    ],
  ]
  for (const [filter, name] of filters) {
    for (const order of ['asc', 'desc'] as const) {
      const [step] = await firstSteps((sql) =>
        listFiles(sql, { project: 'north', order, limit: 10, now: 1, ...filter }),
      )
      t.match(step, new RegExp(`USING INDEX files\\w*_live${name} \\(project=`), name)
    }
  }
})
