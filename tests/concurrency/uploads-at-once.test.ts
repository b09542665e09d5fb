import {
  type Answer,
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
  type Running = { connection: RawConnection; answer: Promise<Answer | undefined> }
  const running = new Set<Running>()
  const refusals: Answer[] = []
  for (let n = 0; n < 64 + 6; n += 1) {
    const connection = await RawConnection.open(server.address)
    t.teardown(() => connection.vanish())
    // None of them is whole, so that who is answered is refused.
    connection.send(head, body.subarray(0, 200))
    const one = { connection, answer: connection.answer().catch(() => undefined) }
    running.add(one)
    void one.answer.then((answer) => {
      if (answer?.status !== 429) return
      refusals.push(answer)
      running.delete(one)
    })
  }
  await until('the refusals', () => refusals.length === 6)
  for (const refusal of [...refusals, await busy.api.upload(upload)]) {
    t.match(refusal.error(), {
      status: 429,
      type: 'rate_limit_error',
      code: 'too_many_uploads',
    })
    t.equal(refusal.headers.get('retry-after'), '1')
  }
  t.equal(running.size, 64)
  t.equal((await other.api.upload(upload)).status, 200, 'other keys are not concerned')
  t.equal((await busy.api.call('GET', '/v1/files')).status, 200, 'nor are other requests')

  const [first, ...others] = running
  first?.connection.send(body.subarray(200))
  t.equal((await first?.answer)?.status, 200, 'those that run go on')
  t.equal((await busy.api.upload(upload)).status, 200, 'and make room when they end')
  for (const { connection } of others) connection.vanish()
  await until('room for all again', async () => {
    const uploads = Array.from({ length: 60 }, () => busy.api.upload(upload))
    return (await Promise.all(uploads)).every(({ status }) => status === 200)
  })
})
