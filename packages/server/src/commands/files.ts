import { toFileId, toSeconds } from '@custody/domain'
import { listFiles as readFiles } from '@custody/file-index'
import { DEFAULT_PROJECT } from '@custody/service'
import { type CommandContext, showSeconds, table } from './command-context.ts'
import { withReader } from './with-reader.ts'

const PAGE = 1000

/** `custody files list`: the live files of a project, newest first. */
export async function listFiles(
  context: CommandContext,
  flags: {
    readonly project?: string
    readonly purpose?: string
    readonly json?: boolean
  },
): Promise<number> {
  return await withReader(context, async (reader) => {
    const now = Math.floor(Date.now() / 1000)
    if (!flags.json)
      context.print('ID  PURPOSE  BYTES  CREATED  EXPIRES  NAME'.replaceAll('  ', '\t'))
    for (let after: number | undefined; ; ) {
      const page = await readFiles(reader.sql, {
        project: flags.project ?? DEFAULT_PROJECT,
        order: 'desc',
        limit: PAGE,
        now,
        ...(after !== undefined && { after }),
        ...(flags.purpose !== undefined && { purpose: flags.purpose }),
      })
      const rows = page.map((file) => ({
        id: toFileId(file.id),
        purpose: file.purpose,
        bytes: file.bytes,
        created_at: toSeconds(file.createdAt),
        expires_at: file.expiresAt,
        filename: file.filename,
      }))
      if (flags.json) for (const row of rows) context.print(JSON.stringify(row))
      else {
        const lines = table(
          rows.map((row) => [
            row.id,
            row.purpose,
            String(row.bytes),
            showSeconds(row.created_at),
            showSeconds(row.expires_at),
            row.filename ?? '-',
          ]),
        )
        for (const line of lines) context.print(line)
      }
      if (page.length < PAGE) return 0
      after = page.at(-1)?.seq
    }
  })
}
