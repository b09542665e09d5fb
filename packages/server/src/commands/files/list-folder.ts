import { CustodyError, parseFileId, quote, toFileId, toSeconds } from '@custody/domain'
import { findFileOf, listFiles as readFiles } from '@custody/file-index'
import { DEFAULT_PROJECT } from '@custody/service/default-project'
import type { FileObject } from '../../client/file-object.ts'
import type { ListQuery } from '../../client/list-remote-files.ts'
import type { InterruptibleContext } from '../../terminal/interruptible.ts'
import { withReader } from '../with-reader.ts'

const PAGE = 1000

/** Which data folder, and which project of it. */
export type FolderFlags = {
  readonly project?: string
  readonly dataDir?: string
}

/** The live files of a project, page by page to `show`: of the data folder itself, without a server. */
export async function listFolder(
  context: InterruptibleContext,
  { project = DEFAULT_PROJECT, dataDir }: FolderFlags,
  { purpose, order, after, limit = Number.POSITIVE_INFINITY }: ListQuery,
  show: (files: readonly FileObject[]) => void,
): Promise<void> {
  await withReader(
    context,
    async (reader) => {
      const now = Math.floor(Date.now() / 1000)
      let cursor: number | undefined
      if (after !== undefined) {
        const id = parseFileId(after)
        const last =
          id === undefined
            ? null
            : await reader.readLive((sql) => findFileOf(sql, project, id))
        if (!last) {
          throw new CustodyError(
            'cursor_not_found',
            `No such File object: ${quote(after)}.`,
          )
        }
        cursor = last.seq
      }
      for (let left = limit; left > 0; ) {
        const query = {
          ...{ project, now, limit: Math.min(PAGE, left) },
          order: order === 'asc' ? 'asc' : 'desc',
          ...(cursor !== undefined && { after: cursor }),
          ...(purpose !== undefined && { purpose }),
        } as const
        const page = await reader.readLive((sql) => readFiles(sql, query))
        if (page.length === 0) return
        show(
          page.map((file) => ({
            id: toFileId(file.id),
            purpose: file.purpose,
            bytes: file.bytes,
            created_at: toSeconds(file.createdAt),
            expires_at: file.expiresAt,
            filename: file.filename,
            ...(file.metadata && { metadata: file.metadata }),
          })),
        )
        left -= page.length
        cursor = page.at(-1)?.seq
      }
    },
    dataDir,
  )
}
