import type { LogTables } from '../append/log-tables.ts'
import { statement } from '../sql/statement.ts'

type Range = { from: number; to: number }

/** Last positions of events and batches, in one look: both are written in one transaction. */
export const ends = statement<LogTables>()((db) =>
  db.selectNoFrom((select) => [
    select
      .selectFrom('events')
      .select((e) => e.fn.max('position').as('last'))
      .as('event'),
    select
      .selectFrom('log_batches')
      .select((e) => e.fn.max('position').as('last'))
      .as('batch'),
  ]),
)

export const eventsBetween = statement<LogTables, Range>()((db, p) =>
  db
    .selectFrom('events')
    .selectAll()
    .where('position', '>=', p('from'))
    .where('position', '<=', p('to'))
    .orderBy('position'),
)

export const privatesBetween = statement<LogTables, Range>()((db, p) =>
  db
    .selectFrom('event_private')
    .selectAll()
    .where('position', '>=', p('from'))
    .where('position', '<=', p('to'))
    .orderBy('position')
    .orderBy('grp'),
)

export const batchesBetween = statement<LogTables, Range>()((db, p) =>
  db
    .selectFrom('log_batches')
    .selectAll()
    .where('position', '>=', p('from'))
    .where('position', '<=', p('to'))
    .orderBy('position'),
)

export const batchBefore = statement<LogTables, { position: number }>()((db, p) =>
  db
    .selectFrom('log_batches')
    .selectAll()
    .where('position', '<', p('position'))
    .where('position', '>=', 1)
    .orderBy('position', 'desc')
    .limit(1),
)

export const recordAt = statement<LogTables, { position: number }>()((db, p) =>
  db
    .selectFrom('events')
    .select(['record', 'time'])
    .where('position', '=', p('position')),
)

export const privateAt = statement<LogTables, { position: number; grp: string }>()(
  (db, p) =>
    db
      .selectFrom('event_private')
      .select('position')
      .where('position', '=', p('position'))
      .where('grp', '=', p('grp')),
)

/** Events that no batch covers, and positions below 1. */
export const strayEvents = statement<LogTables, { limit: number }>()((db, p) =>
  db
    .selectFrom('events')
    .select('position')
    .where((e) =>
      e.or([
        e('position', '<', 1),
        e(
          'position',
          '>',
          e.fn.coalesce(
            e.selectFrom('log_batches').select((b) => b.fn.max('position').as('last')),
            e.lit(0),
          ),
        ),
      ]),
    )
    .orderBy('position')
    .limit(p('limit')),
)

/** Batches that end where there is no event any more, or at no position. */
export const strayBatches = statement<LogTables, { limit: number }>()((db, p) =>
  db
    .selectFrom('log_batches')
    .select('position')
    .where((e) =>
      e.or([
        e('position', '<', 1),
        e(
          'position',
          '>',
          e.fn.coalesce(
            e.selectFrom('events').select((b) => b.fn.max('position').as('last')),
            e.lit(0),
          ),
        ),
      ]),
    )
    .orderBy('position')
    .limit(p('limit')),
)

/** Private groups of positions at which there cannot be an event. */
export const strayPrivates = statement<LogTables, { limit: number }>()((db, p) =>
  db
    .selectFrom('event_private')
    .select(['position', 'grp'])
    .where((e) =>
      e.or([
        e('position', '<', 1),
        e(
          'position',
          '>',
          e.fn.coalesce(
            e.selectFrom('events').select((b) => b.fn.max('position').as('last')),
            e.lit(0),
          ),
        ),
      ]),
    )
    .orderBy('position')
    .limit(p('limit')),
)

/** A tile, with the last positions at the moment in which it was read: tiles above level 0 grow. */
export const tileAt = statement<LogTables, { level: number; idx: number }>()((db, p) =>
  db
    .selectFrom('tiles')
    .select('hashes')
    .select((e) => [
      e
        .selectFrom('events')
        .select((b) => b.fn.max('position').as('last'))
        .as('event'),
      e
        .selectFrom('log_batches')
        .select((b) => b.fn.max('position').as('last'))
        .as('batch'),
    ])
    .where('level', '=', p('level'))
    .where('idx', '=', p('idx')),
)

export const tileKeys = statement<
  LogTables,
  { level: number; idx: number; limit: number }
>()((db, p) =>
  db
    .selectFrom('tiles')
    .select(['level', 'idx'])
    .select((e) => [
      e
        .selectFrom('events')
        .select((b) => b.fn.max('position').as('last'))
        .as('event'),
      e
        .selectFrom('log_batches')
        .select((b) => b.fn.max('position').as('last'))
        .as('batch'),
    ])
    .where((e) =>
      e.or([
        e('level', '>', p('level')),
        e.and([e('level', '=', p('level')), e('idx', '>', p('idx'))]),
      ]),
    )
    .orderBy('level')
    .orderBy('idx')
    .limit(p('limit')),
)

/** Events of one type, in order, with where they stand. */
export const recordsOfType = statement<
  LogTables,
  { type: string; after: number; limit: number }
>()((db, p) =>
  db
    .selectFrom('events')
    .select(['position', 'record'])
    .where('type', '=', p('type'))
    .where('position', '>', p('after'))
    .orderBy('position')
    .limit(p('limit')),
)
