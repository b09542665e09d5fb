import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  readEvents,
  stagedFiles,
  startServer,
  storedBlobs,
  temporaryFolder,
} from '@custody/testkit'
import t from 'tap'

// An endless loop has ten seconds: it is left to the tests of the plugin host
const plugin = `
  const deeds = {
    throw() { throw new Error('a bug') },
    exit() { process.exit(0) },
    heap() { for (const kept = []; ; ) kept.push(new Array(1000)) },
    buffers() { for (const kept = []; ; ) kept.push(Buffer.alloc(1024 * 1024, 1)) },
    count(size) { return { ok: true, facts: { size }, warnings: [] } },
  }
  export default { name: 'faulty', version: '1.0.0', api: 1, purposes: {
    faulty: {
      direction: 'input',
      async validate(file) {
        const [deed] = Buffer.from(await file.head(10)).toString().split(' ')
        return deeds[deed](file.size)
      },
    },
  } }`

const folder = temporaryFolder(t)
writeFileSync(join(folder, 'faulty.mjs'), plugin)
const config = join(folder, 'custody.config.json')
writeFileSync(
  config,
  JSON.stringify({ plugins: ['@custody/plugin-general', './faulty.mjs'] }),
)
const server = await startServer(t, { env: { CUSTODY_CONFIG: config } })
const { api } = server
const upload = { purpose: 'faulty', filename: 'a.txt' }

for (const deed of ['throw', 'exit', 'heap', 'buffers']) {
  for (const bytes of [100, 200_000]) {
    t.test(`a plugin's ${deed} costs the upload of ${bytes} bytes alone`, async (t) => {
      const before = await readEvents(server.dataDir)
      const blobs = storedBlobs(server.dataDir)
      const refused = api.upload({ ...upload, content: `${deed} `.padEnd(bytes, 'x') })
      const other = { purpose: 'user_data', filename: 'b.txt', content: 'Hello' }
      const beside = await api.upload(other)
      t.equal(beside.status, 200, 'others are answered meanwhile')
      const refusal = (await refused).error()
      t.match(refusal, { status: 500, code: 'plugin_failed' })
      t.match(refusal.message, /'faulty'/)
      const after = await api.upload({ ...upload, content: 'count ' })
      t.match(after.json(), { purpose: 'faulty', status: 'processed' })

      t.same(stagedFiles(server.dataDir), [])
      t.same(storedBlobs(server.dataDir), blobs)
      t.equal((await readEvents(server.dataDir)).length, before.length + 2)
    })
  }
}
