import type { RestoreReason } from '@custody/domain'
import { type LogTables, type Restoration, type Sql, statement } from '@custody/event-log'

const restored = statement<LogTables>()((db) =>
  db
    .selectFrom('events')
    .select(['position', 'record'])
    .where('type', '=', 'LogRestored')
    .orderBy('position'),
)

const how: Readonly<Record<RestoreReason, string>> = {
  rollback: 'went back, and that was accepted,',
  restore: 'was restored from a backup',
  import: 'was imported',
  move: 'was moved',
}

/** Every new epoch of a log that does not continue what was signed. What cannot be read is told by the verification. */
export async function readRestorations(sql: Sql): Promise<Restoration[]> {
  const found: Restoration[] = []
  for (const { position, record } of await sql.all(restored, {})) {
    try {
      const { epoch, reason }: { epoch: number; reason: RestoreReason } =
        JSON.parse(record).data
      found.push({ position, epoch, how: how[reason] })
    } catch {}
  }
  return found
}
