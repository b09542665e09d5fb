import { spawnSync } from 'node:child_process'
import type { Test } from 'tap'

// A mount namespace of its own: no right is needed for the mount, and it is gone with the process.
const namespace = ['--user', '--map-root-user', '--mount']
const mountAndRun = 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"'

/** Runs a test file with a disk of 4 MiB, the folder `CUSTODY_TEST_DISK`. Skipped where no disk can be mounted. */
export function spawnOnSmallDisk(t: Test, file: string): void {
  const folder = t.testdir({})
  const run = (...command: string[]) => [
    ...namespace,
    'sh',
    '-c',
    mountAndRun,
    ...command,
  ]
  const possible = spawnSync('unshare', run(folder, 'true'))
  if (possible.status === 0) {
    t.spawn('unshare', run(folder, process.execPath, file), {
      cwd: folder,
      env: { ...process.env, CUSTODY_TEST_DISK: folder },
    })
  } else {
    const why = String(possible.error ?? possible.stderr).trim()
    t.pass(`a disk that fills up (no disk can be mounted here: ${why})`, { skip: true })
  }
}
