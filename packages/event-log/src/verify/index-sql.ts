import type { Projection } from '../log-module.ts'
import { liveGenerations, physicalNames } from '../projections/projection-set.ts'
import type { Sql } from '../sql/sql.ts'
import type { RawLog } from './raw-log.ts'
import { batchBefore } from './raw-rows.ts'

/**
 * The log's connection, where the tables of projections mean the live ones, as far as the last batch can be
 * read: what is wrong with it is told by the verification.
 */
export async function indexSql(
  { sql }: RawLog,
  projections: readonly Projection[],
): Promise<Sql> {
  const last = await sql.get(batchBefore, { position: Number.MAX_SAFE_INTEGER })
  let named: Readonly<Record<string, string>> = {}
  try {
    named = JSON.parse(last?.projections ?? '{}')
  } catch {}
  const live = liveGenerations(projections, named)
  const tables = projections.map((one) => physicalNames(one, live[one.name] ?? ''))
  return sql.withTables(Object.assign({}, ...tables))
}
