import { CustodyError } from '@custody/domain/errors'
import { formatTime, type Micros } from '../log-time.ts'
import { insertion } from '../sql/insertion.ts'
import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'
import type { AppendedEvent, AppendOutcome, AppendRequest } from './append-request.ts'
import type { IdempotencyRow, LogTables } from './log-tables.ts'

/** In place of the fingerprint of a request that said what was erased since: nobody can compare with it any more. */
const FORGOTTEN = ''

const find = statement<LogTables, { key: string }>()((db, p) =>
  db.selectFrom('idempotency').selectAll().where('key', '=', p('key')),
)

const remember = insertion<IdempotencyRow>(
  'idempotency',
  ['key', 'fingerprint', 'result', 'expires_at', 'position'],
  {
    suffix:
      'on conflict (key) do update set fingerprint = excluded.fingerprint, result = excluded.result, expires_at = excluded.expires_at, position = excluded.position',
  },
)

const forget = statement<LogTables, { now: string }>()((db, p) =>
  db.deleteFrom('idempotency').where('expires_at', '<=', p('now')),
)

const namingPosition = statement<LogTables, { position: number }>()((db, p) =>
  db
    .selectFrom('idempotency')
    .select(['key', 'result'])
    .where('position', '<=', p('position'))
    .orderBy('position', 'desc')
    .limit(1),
)

const blank = statement<LogTables, { key: string }>()((db, p) =>
  db
    .updateTable('idempotency')
    .set({ fingerprint: FORGOTTEN })
    .where('key', '=', p('key')),
)

/** What the first request with a key led to. */
export type KeptAnswer = {
  /** Undefined where what the request said was erased. */
  readonly fingerprint: string | undefined
  readonly events: readonly AppendedEvent[]
}

/** What is remembered under a key of {@link AppendRequest.idempotency}, or undefined. */
export async function findKeptAnswer(
  sql: Sql,
  key: string,
  now: Micros,
): Promise<KeptAnswer | undefined> {
  const row = await sql.get(find, { key })
  if (!row || row.expires_at <= formatTime(now)) return undefined
  const { fingerprint, result } = row
  return {
    fingerprint: fingerprint === FORGOTTEN ? undefined : fingerprint,
    events: JSON.parse(result),
  }
}

/** The refusal of a key that was used for another request. */
export function keyReused(): CustodyError {
  return new CustodyError(
    'idempotency_key_reused',
    'The Idempotency-Key was used for another request.',
  )
}

function namesPosition(result: string, position: number): boolean {
  const events: readonly AppendedEvent[] = JSON.parse(result)
  return events.some((event) => event.position === position)
}

/**
 * One batch's view of the idempotency rows: what earlier commands of the batch left counts too.
 * Only success is kept, as a reference to events, so that an answer is made anew from what is there.
 */
export function idempotencyBatch(sql: Sql) {
  const written = new Map<string, IdempotencyRow>()
  return {
    /** What the first request with this key led to, or the refusal of a key of another request; else undefined. */
    async replay(
      request: NonNullable<AppendRequest['idempotency']>,
      now: Micros,
    ): Promise<AppendOutcome | undefined> {
      const row = written.get(request.key) ?? (await sql.get(find, { key: request.key }))
      if (!row || row.expires_at <= formatTime(now)) return undefined
      if (row.fingerprint !== FORGOTTEN && row.fingerprint !== request.fingerprint) {
        return { error: keyReused().toData() }
      }
      return { events: JSON.parse(row.result), replayed: true }
    },
    keep(
      request: NonNullable<AppendRequest['idempotency']>,
      events: readonly AppendedEvent[],
      now: Micros,
    ): void {
      written.set(request.key, {
        key: request.key,
        fingerprint: request.fingerprint,
        result: JSON.stringify(events),
        expires_at: formatTime(now + request.keepSeconds * 1_000_000),
        position: events[0]?.position ?? 0,
      })
    },
    /**
     * Forgets what the requests said that led to these events: private data of theirs was erased. The key stays used,
     * so that a request that is sent again does not bring back what was erased.
     */
    async forget(positions: ReadonlySet<number>): Promise<void> {
      for (const position of positions) {
        const row = await sql.get(namingPosition, { position })
        if (row && namesPosition(row.result, position)) {
          await sql.run(blank, { key: row.key })
        }
        for (const kept of written.values()) {
          if (!namesPosition(kept.result, position)) continue
          written.set(kept.key, { ...kept, fingerprint: FORGOTTEN })
        }
      }
    },
    async flush(): Promise<void> {
      if (written.size > 0) await sql.insert(remember, [...written.values()])
    },
  }
}

/** Removes the rows whose time has passed. Resolves to their number. */
export async function forgetIdempotency(sql: Sql, now: Micros): Promise<number> {
  return await sql.run(forget, { now: formatTime(now) })
}
