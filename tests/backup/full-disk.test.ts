import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

// A mount namespace of its own: no right is needed for the mount, and it is gone with the process.
const namespace = ['--user', '--map-root-user', '--mount']
const mountAndRun = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"'

const folder = t.testdir({})
const possible = spawnSync('unshare', [
  ...namespace,
  ...['sh', '-c', mountAndRun, folder, 'true'],
])

if (possible.status === 0) {
  const test = fileURLToPath(new URL('fixtures/full-disk.ts', import.meta.url))
  const command = [mountAndRun, folder, process.execPath, test]
  t.spawn('unshare', [...namespace, 'sh', '-c', ...command], {
    env: { ...process.env, CUSTODY_TEST_DISK: folder },
  })
} else {
  const why = String(possible.error ?? possible.stderr).trim()
  t.pass(`a disk that fills up (no disk can be mounted here: ${why})`, { skip: true })
}
