import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CustodyError, type OldLog, quote } from '@custody/domain'
import { openKeptCheckpoint } from '@custody/event-log'
import { checkpointOf } from '@custody/service'
import { readIfThere, VERIFIER_KEYS_FILE } from '../../data-folder/signing-files.ts'
import { type Backup, SNAPSHOTS } from '../backup-folder.ts'

/**
 * The furthest that is known of the log that is restored: as it was backed up, or as a checkpoint tells that was kept
 * elsewhere.
 *
 * @throws CustodyError `invalid_value` for what is no checkpoint of this log
 */
export function readOldLog(
  { checkpoint: path }: { readonly checkpoint: string | undefined },
  { folder, facts }: Backup,
): OldLog {
  const { id, epoch, size, root } = facts.log
  const own: OldLog = { origin: `custody/${id}/${epoch}`, size, root }
  if (path === undefined) return own
  const refuse = (why: string) =>
    new CustodyError(
      'invalid_value',
      `${quote(path)} is no checkpoint of this log: ${why}.`,
    )
  let note: Buffer
  let kept: ReturnType<typeof checkpointOf>
  try {
    note = readFileSync(path)
    kept = checkpointOf(note.toString('utf8'))
  } catch (error) {
    throw refuse(
      error instanceof Error ? error.message.replace(/\.$/, '') : String(error),
    )
  }
  const [, logId, keptEpoch = '0'] = kept.origin.split('/')
  if (logId !== id)
    throw refuse(`it is of ${kept.origin}, and the backup of ${own.origin}`)
  const keys = readIfThere(join(folder, SNAPSHOTS, facts.id, VERIFIER_KEYS_FILE))
  const isLater = Number(keptEpoch) > epoch
  // The key of a later epoch was made after the backup.
  if (keys !== undefined && !isLater) {
    const opened = openKeptCheckpoint(note, keys)
    if ('problem' in opened) throw refuse(opened.problem)
  }
  if (!isLater && kept.size <= size) return own
  return { origin: kept.origin, size: kept.size, root: kept.root.toString('base64') }
}
