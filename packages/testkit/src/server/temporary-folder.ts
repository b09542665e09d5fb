import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** An empty folder that is removed when the test has ended. */
export function temporaryFolder(t: Test): string {
  const folder = makeTemporaryFolder()
  t.teardown(() => removeFolder(folder))
  return folder
}

export function makeTemporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'custody-test-'))
}

export function removeFolder(folder: string): void {
  // A process that was just killed may still be letting go of its files.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
