import t from 'tap'
import { testClock } from '../../../testkit/src/event-log/test-clock.ts'
import { until } from '../../../testkit/src/server/until.ts'
import type { PartView, UploadId } from '../../src/uploads/uploads.ts'
import { openPolicy, startService } from '../files/start-files.ts'

const HOUR = 3_600_000_000
const general = `
import { accept, definePlugin } from '@custody/plugin-api'
export default definePlugin({
  name: 'general',
  version: '1.0.0',
  api: 1,
  purposes: { user_data: { direction: 'input', validate: () => accept({}) } },
})`
const signal = new AbortController().signal
const policy = { ...openPolicy, maxFileBytes: 1_000_000 }

t.test('an upload has an hour; then its parts go, and nothing is taken', async (t) => {
  const clock = testClock()
  const { service, environment, principal } = await startService(
    t,
    { 'general.ts': general },
    clock,
  )
  const { uploads } = service
  const { blobs, ids } = environment
  const requestId = ids.prefixed('req_')
  await service.startBackground()
  t.teardown(() => service.stopBackground())

  async function create(): Promise<UploadId> {
    const { id } = await uploads.create(principal, {
      purpose: 'user_data',
      filename: 'a.bin',
      declaredType: 'text/plain',
      bytes: 100_000,
      policy,
      requestId,
    })
    return { id, idAsSent: id }
  }
  async function add(asked: UploadId): Promise<PartView> {
    const options = { ...asked, policy, declaredBytes: undefined, requestId, signal }
    const session = await uploads.beginPart(principal, options)
    try {
      const spool = session.spool()
      await spool.write(Buffer.alloc(100_000, 'custody'))
      return await session.add(await spool.end())
    } finally {
      await session.close()
    }
  }
  const complete = (asked: UploadId, { id }: PartView) =>
    uploads.complete(principal, {
      ...asked,
      parts: [id],
      partsAsSent: [id],
      policy,
      requestId,
      signal,
    })
  const statusOf = async (asked: UploadId) =>
    (await uploads.get(principal, asked)).upload.status
  const stored = async () => {
    const found: string[] = []
    for await (const { extentId } of blobs.list()) found.push(extentId)
    return found
  }

  const [slow, quick] = [await create(), await create()]
  const [lost, kept] = [await add(slow), await add(quick)]
  const done = await complete(quick, kept)

  clock.now += HOUR - 2_000_000
  t.equal(await statusOf(slow), 'pending')
  clock.now += 2_000_000
  t.equal(await statusOf(slow), 'expired', 'from that second on')
  const refused = { message: /The upload has expired/ }
  await t.rejects(add(slow), refused)
  await t.rejects(complete(slow, lost), refused)
  await t.rejects(uploads.cancel(principal, { ...slow, requestId }), refused)

  await until('the end of its parts', async () => (await stored()).length === 1)
  t.same(await stored(), [kept.id])
  t.match((await environment.log.reader.read({ types: ['UploadExpired'] }))[0]?.record, {
    stream: slow.id,
    actor: 'system:expiry',
  })
  t.same(await complete(quick, kept), done, 'one that was completed stays so')
})
