import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { prepareDataFolder } from '../../src/data-folder/data-folder.ts'
import { lockDataFolder } from '../../src/data-folder/lock-data-folder.ts'
import { writeServerFile } from '../../src/data-folder/server-file.ts'
import { type AdminApi, runningAdminApi } from '../../src/deployment/with-admin-api.ts'

t.test('a server that dies while a command asks it is told as a sentence', async (t) => {
  const dying: Record<string, (response: ServerResponse) => void> = {
    'before it answers': (response) => response.destroy(),
    'while it answers': (response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('{"state":', () => response.destroy())
    },
    'while it refuses': (response) => {
      response.writeHead(400, { 'content-length': 100 })
      response.write('{"error":', () => response.destroy())
    },
  }
  const asked: Record<string, (api: AdminApi) => Promise<unknown>> = {
    get: (api) => api.get('/projects'),
    post: (api) => api.post('/master_keys/rotate'),
    delete: (api) => api.delete('/projects/x'),
    log: (api) => api.log('/checkpoint'),
    logStream: (api) => Array.fromAsync(api.logStream('/export')),
  }
  for (const [when, die] of Object.entries(dying)) {
    const api = await serve(t, die)
    for (const [what, ask] of Object.entries(asked)) {
      await t.rejects(
        ask(api),
        { key: 'server_unreachable', message: /^The server at 'http.*has stopped/ },
        `${what}, ${when}`,
      )
    }
  }
})

async function serve(t: Test, die: (response: ServerResponse) => void) {
  const path = mkdtempSync(join(tmpdir(), 'custody-admin-'))
  const folder = prepareDataFolder(path)
  const lock = lockDataFolder(folder)
  const server = createServer((request, response) => {
    if (request.url === '/healthz') response.end()
    else die(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    lock.release()
    rmSync(path, { recursive: true })
  })
  const { port } = server.address() as AddressInfo
  writeServerFile(folder, { pid: 1, address: `http://127.0.0.1:${port}`, token: 't' })
  const api = await runningAdminApi({ dataDir: path })
  if (!api) throw new Error('The server is not found')
  return api
}
