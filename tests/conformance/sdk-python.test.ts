import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { environment, startServer, temporaryFolder } from '@custody/testkit'
import t from 'tap'
import { findPython } from './support/find-python.ts'

const run = promisify(execFile)
const script = fileURLToPath(new URL('python/sdk.py', import.meta.url))
const python = findPython()
const skip = 'python3 with the package openai is not here (.ci/run installs it)'

t.test('the Python SDK works unchanged', python ? {} : { skip }, async (t) => {
  const server = await startServer(t)
  const env = environment({
    OPENAI_BASE_URL: `${server.address}/v1`,
    OPENAI_API_KEY: server.apiKey,
  })
  const { stdout } = await run(python ?? '', [script, temporaryFolder(t)], { env })
  const lines = stdout.trim().split('\n')
  t.ok(lines.length > 10, 'the cases have run')
  for (const line of lines) {
    const { case: name, error } = JSON.parse(line)
    t.equal(error, null, String(name).replaceAll('_', ' '))
  }
})
