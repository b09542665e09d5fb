import { type Answer, startServer, until } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)
const { api } = server
const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }

const routes = {
  'GET /v1/files/{id}': (id: string) => api.get(id),
  'DELETE /v1/files/{id}': (id: string) => api.delete(id),
  'GET /v1/files/{id}/content': (id: string) => api.content(id),
  'HEAD /v1/files/{id}': (id: string) => api.call('HEAD', `/v1/files/${id}`),
  'HEAD /v1/files/{id}/content': (id: string) =>
    api.call('HEAD', `/v1/files/${id}/content`),
  'GET /v1/files?after={id}': (id: string) => api.call('GET', `/v1/files?after=${id}`),
} as const

/** Everything that a client sees of an answer, but for the ids of file and request and the time. */
function seen({ status, headers, text }: Answer, id: string) {
  const shown = Object.fromEntries(
    [...headers].filter(
      ([name]) => !['x-request-id', 'date', 'openai-processing-ms'].includes(name),
    ),
  )
  return { status, headers: shown, text: text.replaceAll(id, 'THE_ID') }
}

const never = `file-${'0123456789abcdef'.repeat(2)}`

t.test('get, delete, content of nothing: 404, param id, code null', async (t) => {
  for (const id of [never, 'file-abc123', 'nonsense', '%E2%80%A6']) {
    for (const ask of [api.get, api.delete, api.content]) {
      t.same((await ask(id)).error(), {
        status: 404,
        message: `No such File object: ${decodeURIComponent(id)}`,
        type: 'invalid_request_error',
        param: 'id',
        code: null,
      })
    }
  }
})

for (const [route, ask] of Object.entries(routes)) {
  const isCursor = route.includes('after')

  t.test(`${route}: another project's file is as one that never was`, async (t) => {
    const other = await server.createProject()
    const { id } = (await other.api.upload(upload)).json()
    t.same(seen(await ask(id), id), seen(await ask(never), never))
    t.equal((await other.api.content(id)).text, 'Hello', 'and it is still there')
    await other.api.delete(id)
    t.same(
      seen(await ask(id), id),
      seen(await ask(never), never),
      'once it has ended too',
    )
  })

  if (!isCursor) {
    t.test(`${route}: a deleted file is as one that never was`, async (t) => {
      const { id } = (await api.upload(upload)).json()
      await api.delete(id)
      t.same(seen(await ask(id), id), seen(await ask(never), never))
    })
  }
}

t.test('an expired file is as one that never was', async (t) => {
  const short = await server.createProject({
    limits: { purposes: { user_data: { default_expiry_seconds: 1 } } },
  })
  const { id } = (await short.api.upload(upload)).json()
  await until('the expiry', async () => (await short.api.get(id)).status === 404)
  for (const ask of [short.api.get, short.api.delete, short.api.content]) {
    t.same(seen(await ask(id), id), seen(await ask(never), never))
  }
  t.same((await short.api.list()).data, [])
})

t.test('an id is understood as a plain UUID too', async (t) => {
  const { id } = (await api.upload(upload)).json()
  const uuid = id
    .slice('file-'.length)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  t.equal((await api.get(uuid)).json().id, id, 'and answered in the form of the dialect')
  t.equal((await api.content(uuid)).text, 'Hello')
  t.same((await api.delete(uuid)).json(), { id, object: 'file', deleted: true })
})

t.test('empty id: every method is 404, never the list or a bulk delete', async (t) => {
  const kept = (await api.upload(upload)).json()
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    for (const path of ['/v1/files/', '/v1/files//content']) {
      t.equal((await api.call(method, path)).status, 404, `${method} ${path}`)
    }
  }
  t.equal((await api.get(kept.id)).status, 200, 'nothing was deleted')
})

t.test('delete: 200 and what was deleted', async (t) => {
  const { id } = (await api.upload(upload)).json()
  const answer = await api.delete(id)
  t.equal(answer.status, 200)
  t.equal(answer.text, `{"id":"${id}","object":"file","deleted":true}`)
  t.equal((await api.delete(id)).status, 404, 'only once')
})
