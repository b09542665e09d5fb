import { createHash } from 'node:crypto'
import t from 'tap'
import { file, form, purpose, upload } from '../support/forms.ts'
import { readError } from '../support/read-error.ts'
import { startServer } from '../support/start-server.ts'

const body = form([purpose, file])
const digest = (algorithm: string) => createHash(algorithm).update(body).digest('base64')
const good = `sha-256=:${digest('sha256')}:`
const wrong = `sha-256=:${createHash('sha256').digest('base64')}:`

const accepted = {
  'the SHA-256 of the body': good,
  'the SHA-512 of the body': `sha-512=:${digest('sha512')}:`,
  'both, and one that nobody knows': `md5=:AAAA:, ${good}, sha-512=:${digest('sha512')}:;q=1`,
  'only algorithms that nobody knows': 'crc32c=:AAAA:',
}
const refused = {
  'the digest of another body': [wrong, 'digest_mismatch'],
  'a right and a wrong digest': [
    `${good}, sha-512=:${'A'.repeat(86)}==:`,
    'digest_mismatch',
  ],
  'something that does not parse': ['sha-256=abc', 'invalid_value'],
  'a digest of the wrong length': ['sha-256=:AAAA:', 'invalid_value'],
} as const

for (const chunked of [false, true]) {
  const length = chunked ? 'chunked' : 'with a length'
  for (const [what, header] of Object.entries(accepted)) {
    t.test(`a Content-Digest with ${what} is taken, ${length}`, async (t) => {
      const { fetch } = await startServer(t)
      const headers = { 'content-digest': header }
      const init = upload([purpose, file], { chunked, headers })
      t.equal((await fetch('/v1/files', init)).status, 200)
    })
  }
  for (const [what, [header, code]] of Object.entries(refused)) {
    t.test(
      `a Content-Digest with ${what} is refused and nothing stored, ${length}`,
      async (t) => {
        const { fetch, leftovers } = await startServer(t)
        const headers = { 'content-digest': header }
        const init = upload([purpose, file], { chunked, headers })
        t.match(await readError(await fetch('/v1/files', init)), { status: 400, code })
        t.same(await leftovers(), [])
      },
    )
  }
}

t.test(
  'the field sha256 covers the file and goes on to the service in lower case',
  async (t) => {
    const { fetch } = await startServer(t)
    const sha256 = createHash('sha256').update(file.content).digest('hex').toUpperCase()
    const send = async (content: string) =>
      await fetch('/v1/files', upload([purpose, { name: 'sha256', content }, file]))
    t.equal((await send(sha256)).status, 200)
    t.match(await readError(await send('0'.repeat(64))), { code: 'digest_mismatch' })
    t.match(await readError(await send('abc')), {
      code: 'invalid_value',
      param: 'sha256',
    })
  },
)
