import { startServer } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)
const inputs = ['assistants', 'user_data', 'evals', 'batch', 'fine-tune', 'vision']
const outputs = ['assistants_output', 'batch_output', 'fine-tune-results']

const upload = (purpose: string) => ({ purpose, filename: 'a.txt', content: 'Hello' })

t.test(
  'unknown purpose: 400, param purpose, and the list of those there are',
  async (t) => {
    const { api } = await server.createProject()
    const { message, ...rest } = (await api.upload(upload('nonsense'))).error()
    t.same(rest, {
      status: 400,
      type: 'invalid_request_error',
      param: 'purpose',
      code: null,
    })
    const [, named = ''] =
      /^'nonsense' is not one of \[(.*)\] - 'purpose'$/.exec(message) ?? []
    t.same(named.split(', ').sort(), inputs.map((name) => `'${name}'`).sort())
  },
)

t.test('unknown purpose: also when it comes after the file', async (t) => {
  const answer = await server.api.upload([
    { name: 'file', content: 'Hello', filename: 'a.txt' },
    { name: 'purpose', content: 'nonsense' },
  ])
  t.match(answer.error(), { status: 400, param: 'purpose', message: /is not one of/ })
})

t.test('output purposes: only with scope api.files.write_output', async (t) => {
  const scopes = ['api.files.read', 'api.files.write']
  const plain = await server.createProject({ scopes })
  const engine = await server.createProject({
    scopes: [...scopes, 'api.files.write_output'],
  })
  for (const purpose of outputs) {
    const refused = (await plain.api.upload(upload(purpose))).error()
    t.match(refused, { status: 400, param: 'purpose', code: null })
    t.notMatch(refused.message.split('[')[1], /output|results/, 'they are not told of')
    const file = (await engine.api.upload(upload(purpose))).json()
    t.equal(file.purpose, purpose)
    t.equal((await engine.api.content(file.id)).text, 'Hello', 'and can be downloaded')
  }
})

t.test('evals: accepted on upload and answered as evals', async (t) => {
  t.equal((await server.api.upload(upload('evals'))).json().purpose, 'evals')
})
