import { type Sql, statement } from '@custody/event-log'
import type { FilesTables } from './files-tables.ts'

/** Which live files a clean-up is about. */
export type CreatedBefore = {
  readonly project: string
  readonly purpose: string
  /** Microseconds since the Unix epoch, exclusive. */
  readonly before: number
  /** Exclusive: where the page before this one ended. Default: from the oldest file on. */
  readonly after?: number
  /** Live files to look at. */
  readonly limit: number
  /** Unix seconds: files whose expiry has passed are not there, whatever the log says yet. */
  readonly now: number
}

type Args = { project: string; purpose: string; after: number; limit: number }

// No condition on the time: where few files match, it would be asked of all others too. The log's time only grows,
// so what was created before a time are the first files, and a page ends with the first one that was not.
const page = statement<FilesTables, Args>()((db, p) =>
  db
    .selectFrom('files')
    .select(['id', 'seq', 'created_at', 'effective_expires_at', 'kept_until'])
    .where('project', '=', p('project'))
    .where('purpose', '=', p('purpose'))
    .where('ended_position', 'is', null)
    .where('seq', '>', p('after'))
    .orderBy('seq')
    .limit(p('limit')),
)

const counts = statement<FilesTables, Args & { before: number; now: number }>()((db, p) =>
  db
    .selectFrom((from) =>
      from
        .selectFrom('files')
        .select(['seq', 'created_at', 'effective_expires_at', 'kept_until'])
        .where('project', '=', p('project'))
        .where('purpose', '=', p('purpose'))
        .where('ended_position', 'is', null)
        .where('seq', '>', p('after'))
        .orderBy('seq')
        .limit(p('limit'))
        .as('some'),
    )
    .select(({ fn, or, eb }) => [
      fn.countAll<number>().as('seen'),
      fn.max<number | null>('seq').as('last'),
      fn.max<number | null>('created_at').as('newest'),
      fn
        .countAll<number>()
        .filterWhere('created_at', '<', p('before'))
        .filterWhere(
          or([
            eb('effective_expires_at', 'is', null),
            eb('effective_expires_at', '>', p('now')),
          ]),
        )
        .as('count'),
      fn
        .countAll<number>()
        .filterWhere('created_at', '<', p('before'))
        .filterWhere('kept_until', '>', p('now'))
        .as('held'),
    ]),
)

/**
 * One page of the live files of a purpose that were created before a time, the oldest first. A page can have fewer
 * files than it looked at: those that are held are only counted. `next` is where the next one begins; undefined after
 * the last.
 */
export async function listCreatedBefore(
  sql: Sql,
  query: CreatedBefore,
): Promise<{
  readonly ids: readonly string[]
  readonly held: number
  readonly next: number | undefined
}> {
  const { project, purpose, before, after = 0, limit, now } = query
  const seen = await sql.all(page, { project, purpose, after, limit: limit + 1 })
  const rows = seen.filter((row) => row.created_at < before)
  const here = rows.slice(0, limit)
  const live = here.filter(
    (row) => row.effective_expires_at === null || row.effective_expires_at > now,
  )
  const free = live.filter((row) => row.kept_until <= now)
  return {
    ids: free.map((row) => row.id),
    held: live.length - free.length,
    next: rows.length > limit ? here.at(-1)?.seq : undefined,
  }
}

/**
 * How many live files, `held` ones among them, {@link listCreatedBefore} would find on a page, which may be much
 * larger than one of files.
 */
export async function countCreatedBefore(
  sql: Sql,
  query: CreatedBefore,
): Promise<{
  readonly count: number
  readonly held: number
  readonly next: number | undefined
}> {
  const { after = 0, limit, before } = query
  const found = await sql.get(counts, { ...query, after })
  if (!found) throw new TypeError('A count has no row')
  const isLast = found.seen < limit || found.newest === null || found.newest >= before
  const { count, held } = found
  return { count, held, next: isLast ? undefined : (found.last ?? undefined) }
}
