import { parentPort, workerData } from 'node:worker_threads'
import type { SqliteDriverName } from '../engines/sqlite/connection/sqlite-connection.ts'
import { openRawSqliteRows } from '../engines/sqlite/raw-sqlite-log.ts'
import type { Finding } from './finding.ts'
import { checkRange, type RangeReport } from './range/check-range.ts'
import { checkTables } from './verify-log.ts'

/** A thread that verifies ranges and tables. Entry of a worker; see verify-workers.ts for the other side. */

export type VerifyThreadData = {
  readonly path: string
  readonly driver: SqliteDriverName
}

export type VerifyJob =
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'tables'; readonly isDefined: boolean }

export type TablesReport = { readonly list: readonly Finding[]; readonly count: number }

/** The answer to the one job that the thread has. */
export type VerifyAnswer =
  | { readonly kind: 'range'; readonly report: RangeReport }
  | { readonly kind: 'tables'; readonly report: TablesReport }
  | { readonly kind: 'failed'; readonly error: unknown }

if (parentPort) await run(parentPort, workerData as VerifyThreadData)

async function run(
  port: NonNullable<typeof parentPort>,
  data: VerifyThreadData,
): Promise<void> {
  const log = await openRawSqliteRows(data)

  async function work(job: VerifyJob): Promise<VerifyAnswer> {
    try {
      if (job.kind === 'range') {
        return { kind: 'range', report: await checkRange(log, job.from, job.to) }
      }
      const { list, count } = await checkTables(log, job.isDefined)
      return { kind: 'tables', report: { list, count } }
    } catch (error) {
      return { kind: 'failed', error }
    }
  }

  port.on('message', async (job: VerifyJob | 'close') => {
    if (job === 'close') {
      await log.close()
      port.close()
      return
    }
    const answer = await work(job)
    const moved = answer.kind === 'range' ? [answer.report.leaves.buffer] : []
    port.postMessage(answer, moved as ArrayBuffer[])
  })
}
