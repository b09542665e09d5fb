import { CustodyError, parseFileId } from '@custody/domain'
import type { CommandContext } from '../../terminal/command-context.ts'
import { withReader } from '../with-reader.ts'

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
