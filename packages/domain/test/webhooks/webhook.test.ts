import t from 'tap'
import {
  decideCreateWebhook,
  decideDeleteWebhook,
  decideDisableWebhook,
  decideRotateWebhookSecret,
  decideUpdateWebhook,
  evolveWebhook,
  type PlacedEvent,
  type ProjectState,
  type WebhookState,
  webhookEventNames,
  webhookEventTypes,
} from '../../src/index.ts'

const project: ProjectState = {
  id: 'north',
  version: 1,
  name: 'North',
  dialect: 'openai',
  limits: {},
  createdAt: 1,
  archivedAt: null,
  position: 2,
}
const state: WebhookState = {
  id: 'w1',
  project: 'north',
  version: 4,
  url: 'https://example.com/',
  description: null,
  urlFrom: 3,
  descriptionFrom: 3,
  events: ['*'],
  secret: 's1',
  createdAt: 10,
  disabledAt: null,
  disabledReason: null,
  deletedAt: null,
  position: 3,
}
const disabled = { ...state, disabledAt: 20, disabledReason: 'failing' as const }
const create = {
  type: 'CreateWebhook',
  id: 'w1',
  url: 'https://example.com/',
  events: ['file.uploaded'],
  secret: 's1',
  project: 'north',
} as const
const update = { type: 'UpdateWebhook', id: 'w1', project: 'north' } as const
const rotate = {
  type: 'RotateWebhookSecret',
  id: 'w1',
  secret: 's2',
  formerUntil: 99,
  project: 'north',
} as const
const remove = { type: 'DeleteWebhook', id: 'w1', project: 'north' } as const

t.test('a webhook is created in a project that has room for it', async (t) => {
  t.same(decideCreateWebhook(project, 19, { ...create, description: 'the index' }), {
    events: [
      {
        type: 'WebhookCreated',
        stream: 'w1',
        after: 0,
        data: { events: ['file.uploaded'], secret: 's1' },
        private: {
          personal: { url: 'https://example.com/', description: 'the index' },
        },
      },
    ],
  })
  t.match(decideCreateWebhook(project, 20, create), {
    refusal: { key: 'too_many_webhooks', message: /20/ },
  })
  t.match(decideCreateWebhook(null, 0, create), {
    refusal: { key: 'project_not_found' },
  })
  t.match(decideCreateWebhook({ ...project, archivedAt: 5 }, 0, create), {
    refusal: { key: 'project_archived' },
  })
})

t.test('what is not asked for does not change', async (t) => {
  t.same(decideUpdateWebhook(state, update), { events: [] })
  t.same(decideUpdateWebhook(state, { ...update, enabled: true }), { events: [] })
  t.same(decideUpdateWebhook(disabled, { ...update, enabled: false }), { events: [] })
  t.same(decideUpdateWebhook(state, { ...update, description: null }), {
    events: [
      {
        type: 'WebhookUpdated',
        stream: 'w1',
        after: 4,
        data: {},
        private: { personal: { description: null } },
      },
    ],
  })
})

t.test('one request can change a webhook and switch it off or on', async (t) => {
  t.match(
    decideUpdateWebhook(state, { ...update, events: ['file.held'], enabled: false }),
    {
      events: [
        { type: 'WebhookUpdated', after: 4, data: { events: ['file.held'] } },
        { type: 'WebhookDisabled', after: 5, data: { reason: 'request' } },
      ],
    },
  )
  t.match(
    decideUpdateWebhook(disabled, { ...update, url: 'https://b/', enabled: true }),
    {
      events: [
        {
          type: 'WebhookUpdated',
          data: { enabled: true },
          private: { personal: { url: 'https://b/' } },
        },
      ],
    },
  )
})

t.test(
  'failures disable the webhook that they happened to, and no newer one',
  async (t) => {
    const failed = { version: 4, reason: 'failing' } as const
    t.match(decideDisableWebhook(state, failed), {
      events: [{ type: 'WebhookDisabled', after: 4, data: { reason: 'failing' } }],
    })
    for (const other of [
      { ...state, version: 5 },
      disabled,
      { ...state, deletedAt: 30 },
      null,
    ]) {
      t.same(decideDisableWebhook(other, failed), { events: [] })
    }
  },
)

t.test('a webhook that is not there is not found', async (t) => {
  for (const one of [null, { ...state, project: 'south' }, { ...state, deletedAt: 20 }]) {
    const answers = [
      decideUpdateWebhook(one, update),
      decideRotateWebhookSecret(one, rotate),
      decideDeleteWebhook(one, remove),
    ]
    for (const answer of answers) {
      t.match(answer, {
        refusal: { key: 'webhook_not_found', message: /: w1$/, param: 'id' },
      })
    }
  }
})

t.test('a webhook is what its events tell', async (t) => {
  const place = {
    stream: 'w1',
    position: 3,
    project: 'north',
    seq: 1,
    actor: 'key:k',
  } as const
  const created: PlacedEvent<'WebhookCreated'> = {
    ...place,
    type: 'WebhookCreated',
    version: 1,
    time: 10,
    data: { events: ['*'], secret: 's1' },
    private: { personal: { url: 'https://example.com/' } },
  }
  const first = evolveWebhook(null, created)
  t.same(first, { ...state, version: 1 })
  t.equal(evolveWebhook(null, { ...created, private: {} }).url, null, 'erased')
  const off = evolveWebhook(first, {
    ...place,
    type: 'WebhookDisabled',
    version: 2,
    time: 20,
    data: { reason: 'gone' },
    private: {},
  })
  t.match(off, { version: 2, disabledAt: 20, disabledReason: 'gone' })
  const on = evolveWebhook(off, {
    ...place,
    type: 'WebhookUpdated',
    version: 3,
    time: 30,
    data: { enabled: true, secret: 's2', former_until: 99, events: ['file.held'] },
    private: { personal: { description: 'x' } },
  })
  t.same(on, {
    ...state,
    version: 3,
    description: 'x',
    events: ['file.held'],
    secret: 's2',
  })
  const erasure: PlacedEvent<'PrivateDataErased'> = {
    ...place,
    type: 'PrivateDataErased',
    version: 4,
    time: 35,
    data: { erased: [{ position: 3, group: 'personal' }] },
    private: {},
  }
  const erased = evolveWebhook({ ...on, descriptionFrom: 8 }, erasure)
  t.match(erased, { version: 4, url: null, description: null })
  t.same(
    evolveWebhook({ ...on, description: null }, erasure),
    erased,
    'what a replay sees, which knows of no update any more',
  )
  const end: PlacedEvent<'WebhookDeleted'> = {
    ...place,
    type: 'WebhookDeleted',
    version: 4,
    time: 40,
    data: {},
    private: {},
  }
  t.match(evolveWebhook(on, end), { version: 4, deletedAt: 40 })
  t.throws(() => evolveWebhook(null, end), { message: /never created/ })
})

t.test(
  'a webhook is told of files, uploads and webhooks, and of nothing else',
  async (t) => {
    t.ok(webhookEventNames.includes('file.uploaded'))
    t.ok(webhookEventNames.includes('webhook.disabled'))
    for (const name of webhookEventNames)
      t.match(name, /^(file|upload|webhook)\.[a-z_]+$/)
    t.same(webhookEventTypes(['file.uploaded', 'file.flown', 'file.held']), [
      'FileUploaded',
      'FileHeld',
    ])
    t.equal(webhookEventTypes(['file.held', '*']).length, webhookEventNames.length - 1)
    t.notOk(webhookEventTypes(['*']).includes('FileContentRead'))
    t.equal(
      webhookEventTypes(['*', 'file.content_read']).length,
      webhookEventNames.length,
      'reads only where they are asked for: a receiver that reads would have no end',
    )
  },
)
