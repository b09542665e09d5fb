import type { Findings, LogLoader } from '@custody/event-log'
import { endsStream, listPromisedExtents } from '@custody/file-index'
import { findContent, markContent, strayContents } from './contents-table.ts'
import type { ExportHeader } from './export-header.ts'

export type ContentsReport = {
  /** Contents that are there, and are what their events say. */
  readonly extents: number
  readonly bytes: number
  /** Extents of live files, and of uploads under way, that are not in the export. */
  readonly absent: number
}

/**
 * Compares the contents that were read with what the events of the log promise.
 *
 * @param onAbsent is told each extent that is not there
 */
export async function checkContents(
  { sql, transaction }: Pick<LogLoader, 'sql' | 'transaction'>,
  header: ExportHeader,
  findings: Findings,
  onAbsent?: (extent: string) => Promise<void>,
): Promise<ContentsReport> {
  const tell = (key: string, problem: string) =>
    findings.add({ table: 'contents', key, problem })
  let extents = 0
  let bytes = 0
  let absent = 0
  await transaction(async () => {
    const all = { from: 1, to: Number.MAX_SAFE_INTEGER }
    for await (const promised of listPromisedExtents(sql, all)) {
      const { stream } = promised
      for (const extent of promised.extents) {
        const found = await sql.get(findContent, { extent: extent.id })
        if (!found) {
          if ((await endsStream(sql, stream)) !== undefined) continue
          absent += 1
          if (header.blobs) tell(extent.id, `the content of ${stream} is missing`)
          await onAbsent?.(extent.id)
          continue
        }
        if (!found.promised) await sql.run(markContent, { extent: extent.id })
        if (found.bytes !== extent.bytes || found.sha256 !== extent.sha256) {
          tell(extent.id, `the content is not the one that the event of ${stream} has`)
        } else if (!found.promised) {
          extents += 1
          bytes += extent.bytes
        }
      }
    }
    for (const { extent } of await sql.all(strayContents, { limit: 100 })) {
      tell(extent, 'a content that no event has')
    }
  })
  return { extents, bytes, absent }
}
