import type { ExpressionBuilder } from 'kysely'
import type { LogTables } from '../append/log-tables.ts'
import { statement } from '../sql/statement.ts'

type Range = { from: number; to: number }

/** Last positions of events and batches, in one look: both are written in one transaction. */
export const ends = statement<LogTables>()((db) =>
  db.selectNoFrom((e) => [
    lastOf(e, 'events').as('event'),
    lastOf(e, 'log_batches').as('batch'),
  ]),
)

/** The last position in a table, inside a query of another one. */
function lastOf(
  e: Pick<ExpressionBuilder<LogTables, never>, 'selectFrom'>,
  table: 'events' | 'log_batches',
) {
  return e.selectFrom(table).select((last) => last.fn.max('position').as('last'))
}

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

/**
 * Rows outside of the log, from both ends: one statement for each, since SQLite reads the whole table for an OR.
 * Events may go on to where the last batch ends, batches and private groups to where the last event stands.
 */
export const outside = {
  events: strays('events', 'log_batches'),
  log_batches: strays('log_batches', 'events'),
  event_private: strays('event_private', 'events'),
}

type Limit = { limit: number }

function strays(
  table: 'events' | 'log_batches' | 'event_private',
  end: 'events' | 'log_batches',
) {
  return {
    below: statement<LogTables, Limit>()((db, p) =>
      db
        .selectFrom(table)
        .select('position')
        .where('position', '<', 1)
        .orderBy('position')
        .limit(p('limit')),
    ),
    beyond: statement<LogTables, Limit>()((db, p) =>
      db
        .selectFrom(table)
        .select('position')
        .where((e) => e('position', '>', e.fn.coalesce(lastOf(e, end), e.lit(0))))
        .orderBy('position')
        .limit(p('limit')),
    ),
  }
}

/** Private groups of one position. */
export const groupsAt = statement<LogTables, { position: number }>()((db, p) =>
  db
    .selectFrom('event_private')
    .select('grp')
    .where('position', '=', p('position'))
    .orderBy('grp'),
)

/** A tile, with the last positions at the moment in which it was read: tiles above level 0 grow. */
export const tileAt = statement<LogTables, { level: number; idx: number }>()((db, p) =>
  db
    .selectFrom('tiles')
    .select('hashes')
    .select((e) => [
      lastOf(e, 'events').as('event'),
      lastOf(e, 'log_batches').as('batch'),
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
      lastOf(e, 'events').as('event'),
      lastOf(e, 'log_batches').as('batch'),
    ])
    .where((e) => e(e.refTuple('level', 'idx'), '>', e.tuple(p('level'), p('idx'))))
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

/** Epochs of the checkpoints that are there. */
export const checkpointEpochs = statement<LogTables, Limit>()((db, p) =>
  db
    .selectFrom('checkpoints')
    .select('epoch')
    .distinct()
    .orderBy('epoch')
    .limit(p('limit')),
)

/** Checkpoints in their order, with the last position at the moment in which they were read. */
export const checkpointsAfter = statement<
  LogTables,
  { epoch: number; size: number; limit: number }
>()((db, p) =>
  db
    .selectFrom('checkpoints')
    .selectAll()
    .select((e) => lastOf(e, 'events').as('end'))
    .where((e) => e(e.refTuple('epoch', 'size'), '>', e.tuple(p('epoch'), p('size'))))
    .orderBy('epoch')
    .orderBy('size')
    .limit(p('limit')),
)

export const checkpointAt = statement<LogTables, { epoch: number; size: number }>()(
  (db, p) =>
    db
      .selectFrom('checkpoints')
      .select('note')
      .where('epoch', '=', p('epoch'))
      .where('size', '=', p('size')),
)

/** The last checkpoint of an epoch. */
export const lastCheckpoint = statement<LogTables, { epoch: number }>()((db, p) =>
  db
    .selectFrom('checkpoints')
    .select('note')
    .where('epoch', '=', p('epoch'))
    .orderBy('size', 'desc')
    .limit(1),
)
