import t from 'tap'
import {
  decideArchiveProject,
  decideCreateProject,
  decideUpdateProject,
  evolveProject,
  type PlacedEvent,
  type ProjectState,
} from '../../src/index.ts'

const state: ProjectState = {
  id: 'p1',
  version: 3,
  name: 'One',
  dialect: 'openai',
  limits: { quota_bytes: 5 },
  createdAt: 10,
  archivedAt: null,
  position: 2,
}
const archived: ProjectState = { ...state, archivedAt: 20 }
const create = {
  type: 'CreateProject',
  id: 'p1',
  name: 'One',
  dialect: 'openai',
  limits: {},
} as const

t.test('a project is created once', async (t) => {
  t.same(decideCreateProject(null, create), {
    events: [
      {
        type: 'ProjectCreated',
        stream: 'p1',
        after: 0,
        data: { dialect: 'openai', limits: {} },
        private: { personal: { name: 'One' } },
      },
    ],
  })
  for (const known of [state, archived]) {
    t.match(decideCreateProject(known, create), {
      refusal: { key: 'invalid_value', message: "Project 'p1' exists.", param: 'id' },
    })
  }
})

t.test('an update says only what changes', async (t) => {
  const update = { type: 'UpdateProject', id: 'p1' } as const
  const head = { type: 'ProjectUpdated', stream: 'p1', after: 3 }
  const cases = [
    [{ dialect: 'gravix' }, { ...head, data: { dialect: 'gravix' } }],
    [{ limits: {} }, { ...head, data: { limits: {} } }],
    [{ name: 'Two' }, { ...head, data: {}, private: { personal: { name: 'Two' } } }],
  ] as const
  for (const [change, event] of cases) {
    t.same(decideUpdateProject(state, { ...update, ...change }), { events: [event] })
  }
  t.same(decideUpdateProject(state, update), { events: [] })
  t.match(decideUpdateProject(null, update), { refusal: { key: 'project_not_found' } })
  t.match(decideUpdateProject(archived, { ...update, name: 'x' }), {
    refusal: { key: 'project_archived' },
  })
})

t.test('a project is archived once', async (t) => {
  const archive = { type: 'ArchiveProject', id: 'p1' } as const
  t.same(decideArchiveProject(state, archive), {
    events: [{ type: 'ProjectArchived', stream: 'p1', after: 3, data: {} }],
  })
  t.same(decideArchiveProject(archived, archive), { events: [] })
  t.match(decideArchiveProject(null, archive), { refusal: { key: 'project_not_found' } })
})

const placed = { stream: 'p1', position: 2, project: 'system', seq: 1, actor: 'admin' }
const created: PlacedEvent<'ProjectCreated'> = {
  ...placed,
  type: 'ProjectCreated',
  version: 1,
  time: 10,
  data: { dialect: 'openai', limits: { quota_bytes: 5 } },
  private: { personal: { name: 'One' } },
}
const updated: PlacedEvent<'ProjectUpdated'> = {
  ...placed,
  type: 'ProjectUpdated',
  version: 4,
  time: 30,
  data: {},
  private: {},
}

t.test('a project is what its events tell', async (t) => {
  t.same(evolveProject(null, created), { ...state, version: 1 })
  t.equal(evolveProject(null, { ...created, private: {} }).name, null, 'erased')
  t.same(evolveProject(state, updated), { ...state, version: 4 })
  t.same(
    evolveProject(state, {
      ...updated,
      data: { dialect: 'gravix', limits: {} },
      private: { personal: { name: 'Two' } },
    }),
    { ...state, version: 4, name: 'Two', dialect: 'gravix', limits: {} },
  )
  const end = { ...updated, type: 'ProjectArchived', data: {} } as const
  t.same(evolveProject(state, end), { ...state, version: 4, archivedAt: 30 })
  t.throws(() => evolveProject(null, updated), { message: /never created/ })
  t.throws(() => evolveProject(null, end), { message: /never created/ })
})
