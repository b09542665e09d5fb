import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { upcast } from '@custody/domain'
import { openReplayDatabase, replay } from '@custody/event-log'
import { projections } from '@custody/file-index'
import { verifyDataFolder } from '../audit/verify-data-folder.ts'
import { type Check, firstOf } from './check.ts'

/** `custody audit verify` */
export const checkLog: Check = {
  name: 'log',
  isLong: true,
  otherwise:
    'See custody audit verify. A database that cannot be opened is restored from a backup.',
  async run({ config, now, onProgress }) {
    const { events, root, findings, count } = await verifyDataFolder({
      dataDir: config.dataDir,
      driver: config.sqliteDriver,
      now,
      onProgress,
    })
    const told = findings.map(({ table, key, column, problem }) => ({
      problem: `${[`${table} ${key}`.trim(), column].filter(Boolean).join(', ')}: ${problem}`,
      action:
        'The log was changed, or the disk is at fault. Keep a copy of the data folder as it is, compare with a checkpoint that was kept elsewhere (custody audit verify --checkpoint), and restore a backup that verifies.',
    }))
    const more = 'custody audit verify tells them.'
    return {
      summary: `${events} events, root ${root}`,
      findings: firstOf(told, count, more),
    }
  },
}

/** `custody audit replay` */
export const checkIndex: Check = {
  name: 'index',
  isLong: true,
  otherwise: 'See custody audit replay. It takes room in the folder for temporary files.',
  async run({ config, folder }) {
    const scratch = mkdtempSync(join(tmpdir(), 'custody-doctor-'))
    try {
      const database = await openReplayDatabase({
        source: folder.database,
        scratch: join(scratch, 'replay.db'),
        driver: config.sqliteDriver,
        projections,
      })
      try {
        const { events, difference } = await replay(database, { projections, upcast })
        const summary = `is what the log says, after ${events} events`
        if (!difference) return { summary, findings: [] }
        const { table, key, column } = difference
        const problem = `The index is not what the log says: ${table} ${key}, ${column}.`
        const action =
          'Where the log itself is good, build the index anew: custody index rebuild.'
        return {
          summary: `${events} events`,
          findings: [{ problem, action }],
        }
      } finally {
        await database.close()
      }
    } finally {
      rmSync(scratch, { recursive: true, force: true })
    }
  },
}
