import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { upcast } from '@custody/domain'
import { openReplayDatabase, replay } from '@custody/event-log'
import { projections } from '@custody/file-index'
import { configOf } from '../../config/config-of.ts'
import { layout } from '../../data-folder/data-folder.ts'
import type { CommandContext } from '../../terminal/command-context.ts'

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
