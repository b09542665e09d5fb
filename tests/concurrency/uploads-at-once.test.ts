import {
  clientForms,
  RawConnection,
  requestHead,
  startServer,
  until,
} from '@custody/testkit'
import t from 'tap'

t.test('at most 64 uploads at once per key; more are told to wait', async (t) => {
  const server = await startServer(t)
  const busy = await server.createProject()
  const other = await server.createProject()
  const upload = { purpose: 'user_data', filename: 'a.bin', content: 'Hello'.repeat(100) }
  const { contentType, body } = clientForms['openai-python'](upload)
  const head = requestHead(
    'POST /v1/files',
    `Authorization: Bearer ${busy.key}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${body.length}`,
  )
  const running: RawConnection[] = []
  for (let n = 0; n < 64; n += 1) {
    const connection = await RawConnection.open(server.address)
    t.teardown(() => connection.vanish())
    running.push(connection.send(head, body.subarray(0, 200)))
  }

  const refused = await until('the refusal of one more', async () => {
    const answer = await busy.api.upload(upload)
    return answer.status !== 200 && answer
  })
  t.match(refused.error(), {
    status: 429,
    type: 'rate_limit_error',
    code: 'too_many_uploads',
  })
  t.equal(refused.headers.get('retry-after'), '1')
  t.equal((await other.api.upload(upload)).status, 200, 'other keys are not concerned')
  t.equal((await busy.api.call('GET', '/v1/files')).status, 200, 'nor are other requests')

  const [first, second, ...others] = running
  const answer = await first?.send(body.subarray(200)).answer()
  t.equal(answer?.status, 200, 'those that run go on')
  t.equal((await busy.api.upload(upload)).status, 200, 'and make room when they end')
  second?.vanish()
  for (const connection of others) connection.vanish()
  await until('room', async () => (await busy.api.upload(upload)).status === 200)
})
