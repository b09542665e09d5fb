import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { custody, startServer } from '@custody/testkit'
import t from 'tap'
import { folder, MiB, objectOf, put, sealed, text } from './sealed-server.ts'

t.test(
  'a master key that was lost or changed stops the start, and nothing is overwritten',
  async (t) => {
    const dataDir = folder(t)
    const path = join(dataDir, 'secrets', 'master-key')
    const first = await startServer(t, { dataDir, env: sealed })
    const id = await put(first, text(1000))
    await first.stop()
    const key = readFileSync(path, 'utf8')
    const serve = () => custody(['serve'], { dataDir, env: sealed })

    rmSync(path)
    const lost = await serve()
    t.equal(lost.code, 1)
    t.match(
      lost.stderr,
      /The master key is not there: .*master-key has none, and content of this deployment is sealed under mk_[0-9a-f]{16}\./,
    )
    t.notOk(readdirSync(join(dataDir, 'secrets')).includes('master-key'), 'none was made')
    const other = `${randomBytes(32).toString('base64')}\n`
    writeFileSync(path, other, { mode: 0o600 })
    const wrong = await serve()
    t.equal(wrong.code, 1)
    t.match(
      wrong.stderr,
      /The master key is another one: .* has mk_[0-9a-f]{16}, and content/,
    )
    t.equal(readFileSync(path, 'utf8'), other)

    rmSync(path)
    const again = await startServer(t, {
      dataDir,
      env: { CUSTODY_SEAL: 'off', CUSTODY_MASTER_KEY: key.trim() },
    })
    t.same((await again.api.content(id)).bytes, text(1000))
  },
)

t.test(
  'an auditor with the master key verifies sealed content, and is told where there is none',
  async (t) => {
    const dataDir = folder(t)
    const server = await startServer(t, { dataDir, env: sealed })
    for (const content of [text(1000), text(2 * MiB)]) await put(server, content)
    await server.stop()
    const verify = () => custody(['audit', 'verify', '--blobs'], { dataDir, env: sealed })
    t.match(await verify(), { code: 0, stdout: /^OK: .*, 2 extents of 2098152 bytes\n$/ })
    const path = objectOf(dataDir)
    const stored = readFileSync(path)
    stored[99] = (stored[99] ?? 0) ^ 1
    writeFileSync(path, stored)
    t.match(await verify(), {
      code: 1,
      stdout: /place: Stored content is damaged: segment 0/,
    })
    rmSync(join(dataDir, 'secrets'), { recursive: true })
    const without = await verify()
    t.match(without.stdout, /2 sealed ones not read: no master key is here/)
    t.equal(without.code, 0)
  },
)
