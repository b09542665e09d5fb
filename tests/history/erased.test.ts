import { startServer } from '@custody/testkit'
import t from 'tap'
import { listEvents, upload } from './event-list.ts'

t.test(
  'what was erased is null wherever one looks back, and the rest stays',
  async (t) => {
    const { api, admin } = await startServer(t)
    const file = await upload(api, {
      filename: 'lovelace.txt',
      fields: [['metadata[owner]', 'Lovelace']],
    })
    const holds = `/v1/files/${file}/holds`
    await api.call('POST', holds, { body: { name: 'case-of-lovelace' } })
    await api.call('DELETE', `${holds}/case-of-lovelace`)
    const { data: before } = await listEvents(api, `/v1/files/${file}/events`)
    t.match(before[0]?.data, {
      personal: { filename: 'lovelace.txt', metadata: { owner: 'Lovelace' } },
      content: { sha256: String },
    })
    t.match(before[1]?.data, { personal: { name: 'case-of-lovelace' } })
    t.equal((await api.call('POST', `/v1/files/${file}/erase`)).status, 200)

    const { data } = await listEvents(api, `/v1/files/${file}/events`)
    const [uploaded, held] = data
    t.match(uploaded, { id: before[0]?.id, data: { purpose: 'user_data', bytes: 5 } })
    t.same(uploaded?.data.personal, { filename: null })
    t.equal(uploaded?.data.content, null)
    t.same(held?.data.personal, { name: null })
    t.ok(data.some(({ type }) => type === 'custody.file.erased'))
    t.ok(data.some(({ type }) => type === 'custody.private_data.erased'))

    const position = uploaded?.position ?? ''
    const past = await api.call('GET', `/v1/files/${file}?as_of=${position}`)
    t.match(past.json(), { id: file, bytes: 5, filename: null })
    const log = '/v1/organization/audit_logs?event_types[]=file.uploaded'
    for (const text of [
      (await api.call('GET', '/v1/events')).text,
      (await api.call('GET', `/v1/files?as_of=${position}`)).text,
      (await admin.call('GET', log)).text,
    ]) {
      t.match(text, file)
      t.notMatch(text, /lovelace/i)
    }
  },
)
