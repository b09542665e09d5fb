import { createHash } from 'node:crypto'
import { startServer } from '@custody/testkit'
import t from 'tap'

const { api } = await startServer(t)

const contents = {
  'a small file': Buffer.from('0123456789'.repeat(10)),
  'a file of 1 MiB': Buffer.alloc(2 ** 20, '0123456789'),
}

for (const [what, content] of Object.entries(contents)) {
  t.test(`content of ${what}`, async (t) => {
    const size = content.length
    const filename = 'Grüße "a" 100%.bin'
    const upload = { purpose: 'user_data', filename, content }
    const { id } = (await api.upload(upload)).json()
    const digest = createHash('sha256').update(content)
    const sha256 = digest.copy().digest('hex')
    const path = `/v1/files/${id}/content`
    const get = (headers: Record<string, string> = {}) => api.content(id, headers)

    t.test(`all headers of a download`, async (t) => {
      const { status, headers, bytes } = await get()
      t.equal(status, 200)
      t.ok(bytes.equals(content))
      const { date, connection, ...shown } = Object.fromEntries(headers)
      t.match(shown, {
        'content-type': 'application/octet-stream',
        'content-length': String(size),
        'content-disposition': `attachment; filename="Gr__e _a_ 100_.bin"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22a%22%20100%25.bin`,
        'x-content-type-options': 'nosniff',
        etag: `"${sha256}"`,
        'repr-digest': `sha-256=:${digest.copy().digest('base64')}:`,
        'accept-ranges': 'bytes',
        'x-request-id': /^req_/,
      })
    })

    t.test(`HEAD is GET without the body`, async (t) => {
      const got = await get()
      const head = await api.call('HEAD', path)
      t.equal(head.status, 200)
      t.equal(head.text, '')
      for (const name of [
        'content-length',
        'etag',
        'repr-digest',
        'content-disposition',
      ]) {
        t.equal(head.headers.get(name), got.headers.get(name), name)
      }
    })

    t.test(`Want-Repr-Digest decides about the digest`, async (t) => {
      const shown = digest.copy().digest('base64')
      for (const [wish, expected] of [
        ['sha-512=10, sha-256=1', `sha-256=:${shown}:`],
        ['sha-256=0', null],
      ] as const) {
        for (const range of [{}, { range: 'bytes=1-2' }]) {
          const { headers } = await get({ ...range, 'want-repr-digest': wish })
          t.equal(headers.get('repr-digest'), expected, wish)
        }
      }
    })

    const ranges = {
      'bytes=0-0': [0, 1],
      'bytes=5-9': [5, 10],
      'bytes=90-': [90, size],
      'bytes=-7': [size - 7, size],
      [`bytes=50-${size + 1000}`]: [50, size],
      [`bytes=-${size + 1000}`]: [0, size],
    } as const

    for (const [range, [start = 0, end = 0]] of Object.entries(ranges)) {
      t.test(`the single range ${range} is 206`, async (t) => {
        const { status, headers, bytes } = await get({ range })
        t.equal(status, 206)
        t.equal(headers.get('content-range'), `bytes ${start}-${end - 1}/${size}`)
        t.equal(headers.get('content-length'), String(end - start))
        t.ok(bytes.equals(content.subarray(start, end)), 'just these bytes')
      })
    }

    t.test(`a range after the end is 416`, async (t) => {
      for (const range of [`bytes=${size}-`, 'bytes=-0']) {
        const answer = await get({ range })
        t.match(answer.error(), { status: 416, code: 'range_not_satisfiable' })
        t.equal(answer.headers.get('content-range'), `bytes */${size}`)
      }
    })

    t.test(`ranges that are no single range are ignored`, async (t) => {
      for (const range of ['bytes=0-1,3-4', 'bytes=9-5', 'lines=0-1', 'bytes=a-b']) {
        const { status, bytes } = await get({ range })
        t.equal(status, 200, range)
        t.equal(bytes.length, size)
      }
    })

    t.test(`a number of any length is a number`, async (t) => {
      const huge = '9'.repeat(400)
      for (const range of [`bytes=1-${huge}`, `bytes=1-18446744073709551615`]) {
        const { status, bytes } = await get({ range })
        t.match({ status, length: bytes.length }, { status: 206, length: size - 1 })
      }
      t.equal((await get({ range: `bytes=-${huge}` })).bytes.length, size)
      t.equal((await get({ range: `bytes=${huge}-` })).status, 416)
    })

    t.test(`If-Range decides about the range`, async (t) => {
      const range = 'bytes=0-4'
      t.equal((await get({ range, 'if-range': `"${sha256}"` })).status, 206)
      for (const tag of ['"other"', `W/"${sha256}"`])
        t.equal((await get({ range, 'if-range': tag })).status, 200, tag)
      const date = 'Sat, 01 Jan 2028 00:00:00 GMT'
      t.equal((await get({ range, 'if-range': date })).status, 200)
    })

    t.test(`If-Match with another tag is 412`, async (t) => {
      const range = 'bytes=0-4'
      for (const tag of ['"other"', `W/"${sha256}"`, sha256, '"x", "y"']) {
        for (const headers of [{}, { range }, { 'if-none-match': `"${sha256}"` }]) {
          const answer = await get({ ...headers, 'if-match': tag })
          t.match(answer.error(), { status: 412, code: 'precondition_failed' }, tag)
        }
      }
      for (const tag of [`"${sha256}"`, `"x", "${sha256}"`, '*'])
        t.equal((await get({ range, 'if-match': tag })).status, 206, tag)
    })

    t.test(`If-None-Match is 304`, async (t) => {
      for (const tag of [`"${sha256}"`, `W/"${sha256}"`, `"x", "${sha256}"`, '*']) {
        const answer = await get({ 'if-none-match': tag })
        t.equal(answer.status, 304, tag)
        t.equal(answer.text, '')
        t.equal(answer.headers.get('etag'), `"${sha256}"`)
      }
      t.equal((await get({ 'if-none-match': '"other"' })).status, 200)
    })
  })
}

t.test('content: Accept: application/binary is fine', async (t) => {
  const { id } = (
    await api.upload({ purpose: 'user_data', filename: 'a.txt', content: 'Hello' })
  ).json()
  const answer = await api.content(id, { accept: 'application/binary' })
  t.equal(answer.status, 200)
  t.equal(answer.text, 'Hello')
})

t.test('content: every purpose can be downloaded', async (t) => {
  for (const purpose of ['assistants', 'user_data', 'evals', 'batch_output']) {
    const upload = { purpose, filename: 'a.txt', content: 'Hello' }
    const { id } = (await api.upload(upload)).json()
    t.equal((await api.content(id)).text, 'Hello', purpose)
  }
})
