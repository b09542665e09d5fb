import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CustodyError, parseFileId, upcast } from '@custody/domain'
import { openReplayDatabase, replay } from '@custody/event-log'
import { projections } from '@custody/file-index'
import { layout } from '../data-folder/data-folder.ts'
import type { CommandContext } from './command-context.ts'
import { configOf } from './config-of.ts'
import { withReader } from './with-reader.ts'

/** `custody audit show FILE_ID`: every event of a file, oldest first, ended or not. */
export async function auditShow(
  context: CommandContext,
  id: string,
  flags: { readonly json?: boolean },
): Promise<number> {
  const stream = parseFileId(id) ?? id
  return await withReader(context, async (reader) => {
    const events = await reader.read({ stream })
    if (events.length === 0) {
      throw new CustodyError('file_not_found', `No events of ${id} are in the log.`)
    }
    for (const { record, private: groups } of events) {
      if (flags.json) context.print(JSON.stringify({ record, private: groups }))
      else {
        context.print(
          `${record.time}  ${record.type}  position ${record.position}, by ${record.actor}`,
        )
        context.print(`  ${JSON.stringify(record.data)}`)
        for (const [group, body] of Object.entries(groups)) {
          context.print(`  ${group}: ${JSON.stringify(body)}`)
        }
        for (const group of Object.keys(record.commit)) {
          if (!(group in groups)) context.print(`  ${group}: erased`)
        }
      }
    }
    return 0
  })
}

/**
 * `custody audit replay`: builds the index again from the log in a scratch database and compares. Exit code 1
 * at the first difference.
 */
export async function auditReplay(context: CommandContext): Promise<number> {
  const config = configOf(context)
  const scratch = mkdtempSync(join(tmpdir(), 'custody-replay-'))
  try {
    const database = await openReplayDatabase({
      source: layout(config.dataDir).database,
      scratch: join(scratch, 'replay.db'),
      driver: config.sqliteDriver,
      projections,
    })
    try {
      const { events, difference } = await replay(database, { projections, upcast })
      if (!difference) {
        context.print(`OK: the index is what the log says, after ${events} events`)
        return 0
      }
      const { table, key, column } = difference
      context.print(`DIFFERENT: ${table} ${key}: ${describe(column, difference)}`)
      return 1
    } finally {
      await database.close()
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function describe(column: string, found: { expected: unknown; found: unknown }): string {
  if (column === 'missing') return 'the log tells of it, and the index does not have it'
  if (column === 'unexpected') return 'the index has it, and the log does not tell of it'
  return `${column} is ${JSON.stringify(found.found)}, and by the log it is ${JSON.stringify(found.expected)}`
}
