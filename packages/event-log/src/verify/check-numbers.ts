import type { LogTables } from '../append/log-tables.ts'
import { statement } from '../sql/statement.ts'
import { type Findings, MAX_FINDINGS, show } from './finding.ts'
import type { RawRows } from './raw-log.ts'

/** Names (projects, streams, event ids) that one statement counts over. */
const NAMES = 10_000

const PAGE = 1000

type Span = { after: string; upTo: string; limit: number }

/** The index (project, seq), or (stream, version), which counts without a gap for each name. */
const counted = [
  { name: 'project', number: 'seq' },
  { name: 'stream', number: 'version' },
].map(({ name, number }) => {
  const names = name as 'project' | 'stream'
  const numbers = number as 'seq' | 'version'
  return {
    names,
    numbers,
    last: statement<LogTables, { after: string; skip: number }>()((db, p) =>
      db
        .selectFrom('events')
        .select(`${names} as name`)
        .distinct()
        .where(names, '>', p('after'))
        .orderBy(names)
        .limit(1)
        .offset(p('skip')),
    ),
    gaps: statement<LogTables, Span>()((db, p) =>
      db
        .selectFrom('events')
        .select(`${names} as name`)
        .where(names, '>', p('after'))
        .where(names, '<=', p('upTo'))
        .groupBy(names)
        .having((e) =>
          e.or([
            e(e.fn.min(numbers), '<>', 1),
            e(e.fn.max(numbers), '<>', e.fn.countAll<number>()),
          ]),
        )
        .orderBy(names)
        .limit(p('limit')),
    ),
    page: statement<LogTables, { name: string; after: number; limit: number }>()(
      (db, p) =>
        db
          .selectFrom('events')
          .select([`${numbers} as number`, 'position'])
          .where(names, '=', p('name'))
          .where(numbers, '>', p('after'))
          .orderBy(numbers)
          .limit(p('limit')),
    ),
  }
})

const lastId = statement<LogTables, { after: string; skip: number }>()((db, p) =>
  db
    .selectFrom('events')
    .select('event_id as name')
    .where('event_id', '>', p('after'))
    .orderBy('event_id')
    .limit(1)
    .offset(p('skip')),
)

const twins = statement<LogTables, Span>()((db, p) =>
  db
    .selectFrom('events')
    .select((e) => ['event_id', e.fn.max('position').as('position')])
    .where('event_id', '>', p('after'))
    .where('event_id', '<=', p('upTo'))
    .groupBy('event_id')
    .having((e) => e(e.fn.countAll<number>(), '>', 1))
    .limit(p('limit')),
)

/** Sorts behind every name: names are ids, in ASCII. */
const END = '\u{10ffff}'

/**
 * Counts along the indexes: `seq` of each project and `version` of each stream are 1, 2, 3, …, and no event id
 * stands twice. The engine counts, some names at a time, so that nothing grows with the number of streams.
 */
export async function checkNumbers(log: RawRows, findings: Findings): Promise<void> {
  for (const { names, numbers, last, gaps, page } of counted) {
    for await (const span of spans((args) => log.sql.get(last, args))) {
      for (const { name } of await log.sql.all(gaps, span)) {
        const gap = await firstGap(name)
        if (!gap) continue
        findings.add({
          table: 'events',
          key: gap.position === undefined ? '' : String(gap.position),
          column: numbers,
          problem: `${names} ${show(name)} does not count on`,
          expected: String(gap.expected),
          found: gap.found === undefined ? 'nothing' : String(gap.found),
        })
      }
    }

    async function firstGap(name: string) {
      let expected = 0
      // Numbers below 1 too.
      for (let after = Number.MIN_SAFE_INTEGER; ; ) {
        const rows = await log.sql.all(page, { name, after, limit: PAGE })
        for (const { number, position } of rows) {
          expected += 1
          if (number !== expected) return { expected, found: number, position }
          after = number
        }
        if (rows.length < PAGE) return undefined
      }
    }
  }
  for await (const span of spans((args) => log.sql.get(lastId, args))) {
    for (const { event_id, position } of await log.sql.all(twins, span)) {
      findings.add({
        table: 'events',
        key: String(position),
        column: 'event_id',
        problem: `${show(event_id)} stands more than once`,
      })
    }
  }
}

/** Cuts all names, in their order, into spans of some thousand. */
async function* spans(
  nameAfter: (args: { after: string; skip: number }) => unknown,
): AsyncGenerator<Span> {
  for (let after = ''; ; ) {
    const found = (await nameAfter({ after, skip: NAMES - 1 })) as
      | { readonly name: string }
      | undefined
    const upTo = found?.name ?? END
    yield { after, upTo, limit: MAX_FINDINGS }
    if (!found) return
    after = upTo
  }
}
