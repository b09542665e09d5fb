import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { startServer, until } from '@custody/testkit'
import t from 'tap'
import { MiB, objectOf, put, sealed, text } from './sealed-server.ts'

t.test(
  'content comes back whole and in parts, with the digests of what was sent',
  async (t) => {
    for (const mode of ['compress+encrypt', 'encrypt']) {
      const server = await startServer(t, { env: { CUSTODY_SEAL: mode } })
      for (const content of [
        text(100),
        text(5 * MiB + 123),
        randomBytes(5 * MiB + 123),
        randomBytes(65_536),
        randomBytes(65_537),
      ]) {
        const id = await put(server, content)
        const whole = await server.api.content(id)
        t.equal(whole.status, 200)
        t.ok(whole.bytes.equals(content), `${content.length} bytes`)
        const sha256 = createHash('sha256').update(content).digest()
        t.equal(whole.headers.get('etag'), `"${sha256.toString('hex')}"`)
        t.equal(
          whole.headers.get('repr-digest'),
          `sha-256=:${sha256.toString('base64')}:`,
        )
        const end = content.length - 1
        for (const [first, last] of [
          [0, 0],
          [1, 50],
          [end - 50, end - 1],
          [Math.floor(end / 2), end],
        ] as const) {
          const part = await server.api.content(id, { range: `bytes=${first}-${last}` })
          t.equal(part.status, 206)
          t.ok(part.bytes.equals(content.subarray(first, last + 1)), `${first}-${last}`)
        }
      }
    }
  },
)

t.test(
  'downloads at once give each client its own bytes, however slow it is',
  async (t) => {
    for (const mode of ['compress+encrypt', 'off']) {
      const server = await startServer(t, { env: { CUSTODY_SEAL: mode } })
      const contents = [randomBytes(6 * MiB + 5), text(6 * MiB + 5), randomBytes(MiB)]
      const ids = await Promise.all(contents.map((content) => put(server, content)))
      const download = async (index: number, isSlow: boolean) => {
        const { body } = await fetch(`${server.address}/v1/files/${ids[index]}/content`, {
          headers: { authorization: `Bearer ${server.apiKey}` },
        })
        const chunks: Uint8Array[] = []
        for await (const chunk of body ?? []) {
          chunks.push(chunk)
          if (isSlow) await setTimeout(5)
        }
        return Buffer.concat(chunks).equals(contents[index] ?? Buffer.alloc(0))
      }
      const all = [0, 1, 2, 0, 1, 2].map((index, n) => download(index, n % 2 === 0))
      t.same(
        await Promise.all(all),
        all.map(() => true),
        mode,
      )
    }
  },
)

t.test(
  'nothing in the data folder is plain, nor after a crash in the middle of an upload',
  async (t) => {
    const server = await startServer(t, { env: sealed })
    const marker = `marker ${randomBytes(12).toString('hex')} `
    await put(server, text(3000, marker))
    await put(server, text(3 * MiB, marker))
    const controller = new AbortController()
    const parts = text(8 * MiB, marker)
    const body = new ReadableStream({
      start(stream) {
        const head =
          '--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n' +
          '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
        stream.enqueue(Buffer.from(head))
        for (let at = 0; at < parts.length; at += MiB) {
          stream.enqueue(parts.subarray(at, at + MiB))
        }
      },
    })
    const upload = fetch(`${server.address}/v1/files`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.apiKey}`,
        'content-type': 'multipart/form-data; boundary=b',
      },
      body,
      duplex: 'half',
      signal: controller.signal,
    }).catch(() => undefined)
    await until('a staging file', () =>
      readdirSync(join(server.dataDir, 'staging')).length > 0 ? true : undefined,
    )
    await server.kill()
    controller.abort()
    await upload
    let looked = 0
    for (const entry of readdirSync(server.dataDir, {
      recursive: true,
      withFileTypes: true,
    })) {
      if (!entry.isFile()) continue
      looked += 1
      const path = join(entry.parentPath, entry.name)
      t.notOk(readFileSync(path).includes(marker.trim()), entry.name)
    }
    t.ok(looked >= 4, 'the database, an object and a staging file at least')
  },
)

t.test('plugins see what was sent, not what is stored', async (t) => {
  const server = await startServer(t, { env: sealed })
  const line = (n: number) =>
    JSON.stringify({
      custom_id: `request-${n}`,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: 'm', messages: [{ role: 'user', content: 'x'.repeat(200) }] },
    })
  for (const lines of [3, 6000]) {
    const good = `${[...Array(lines).keys()].map(line).join('\n')}\n`
    const form = { purpose: 'batch', filename: 'a.jsonl' }
    const accepted = await server.api.upload({ ...form, content: Buffer.from(good) })
    t.equal(accepted.status, 200, accepted.text.slice(0, 300))
    const bad = await server.api.upload({
      ...form,
      content: Buffer.from(`${good}{"x":\n`),
    })
    t.equal(bad.status, 400)
    t.match(bad.error().message, new RegExp(`Line ${lines + 1}\\b`))
  }
})

t.test('without sealing no master key is made', async (t) => {
  const server = await startServer(t, { env: { CUSTODY_SEAL: 'off' } })
  await put(server, text(2 * MiB))
  t.notOk(readdirSync(join(server.dataDir, 'secrets')).includes('master-key'))
  t.ok(readFileSync(objectOf(server.dataDir)).equals(text(2 * MiB)), 'as it was sent')
})
