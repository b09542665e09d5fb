import { join } from 'node:path'
import { verifyDataFolder } from '../audit/verify-data-folder.ts'
import {
  CHECKPOINT_FILE,
  readIfThere,
  VERIFIER_KEYS_FILE,
} from '../data-folder/signing-files.ts'
import type { BackupFacts } from './backup-folder.ts'

/** Findings that are told one by one. */
const MAX_TOLD = 20

/**
 * Verifies the log of a backup as `custody audit verify` does, and that it is the one of which the manifest and the
 * checkpoint beside it speak. Resolves to a sentence for each thing that is wrong.
 */
export async function checkLog(options: {
  /** Where the database is. */
  readonly dataDir: string
  /** Where the checkpoint and the verifier keys of the backup are. */
  readonly beside: string
  readonly facts: BackupFacts
  /** Unix milliseconds. */
  readonly now: number
  readonly onProgress?: (text: string) => void
  readonly signal?: AbortSignal
}): Promise<string[]> {
  const { dataDir, beside, facts, now, onProgress, signal } = options
  const note = readIfThere(join(beside, CHECKPOINT_FILE))
  const keys = readIfThere(join(beside, VERIFIER_KEYS_FILE))
  const report = await verifyDataFolder({
    dataDir,
    driver: 'node',
    now,
    ...(note !== undefined &&
      keys !== undefined && { kept: { notes: [Buffer.from(note)], keys } }),
    ...(onProgress && {
      onProgress: (_, done, of) => onProgress(`${done} of ${of} events`),
    }),
    ...(signal && { signal }),
  })
  const problems = report.findings
    .slice(0, MAX_TOLD)
    .map(({ table, key, column, problem }) =>
      [`custody.db: ${table} ${key}`.trim(), column, problem]
        .filter((part) => part !== undefined)
        .join(', '),
    )
  const { size, root } = facts.log
  if (report.events !== size || report.root !== root) {
    problems.push(
      `custody.db has ${report.events} events, root ${report.root}, and by the manifest ${size} events, root ${root}`,
    )
  }
  return problems
}
