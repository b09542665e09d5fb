import { CustodyError, quote } from '@custody/domain/errors'
import type { ApiConnection } from './connection/api-connection.ts'
import { type FileObject, isFileObject, isObject } from './file-object.ts'

export type ListQuery = {
  readonly purpose?: string
  readonly order?: string
  readonly after?: string
  /** Of all pages together. */
  readonly limit?: number
}

/** What every server takes for a page. */
const smallPage = 100

/**
 * The files of a server, page by page: by cursors, as OpenAI's SDKs do, or by `offset` where a server has only that.
 *
 * @throws CustodyError `request_refused` where the pages would never end
 */
export async function* listRemoteFiles(
  api: ApiConnection,
  { purpose, order, after, limit = Number.POSITIVE_INFINITY }: ListQuery,
): AsyncIterable<readonly FileObject[]> {
  const cursors = new Set<string>()
  let place: Readonly<Record<string, string>> = after === undefined ? {} : { after }
  for (let seen = 0; seen < limit; ) {
    const page = await api.json('GET', '/files', {
      query: {
        ...(purpose !== undefined && { purpose }),
        ...(order !== undefined && { order }),
        ...(limit - seen <= smallPage && { limit: String(limit - seen) }),
        ...place,
      },
    })
    const files = filesOf(page)
    const last = files.at(-1)?.id
    if (last === undefined) return
    yield files.slice(0, limit - seen)
    seen += files.length
    if (cursors.has(last)) {
      throw new CustodyError(
        'request_refused',
        `The server's list does not go on behind ${quote(last)}.`,
      )
    }
    cursors.add(last)
    const { has_more: hasMore, total } = isObject(page) ? page : {}
    if (hasMore === true) place = { after: last }
    else if (hasMore === undefined && typeof total === 'number' && seen < total) {
      place = { offset: String(seen) }
    } else return
  }
}

function filesOf(page: unknown): readonly FileObject[] {
  const data = isObject(page) ? page.data : page
  if (Array.isArray(data) && data.every(isFileObject)) return data
  throw new CustodyError(
    'request_refused',
    `The server's answer is no list of files: ${quote(page ?? 'nothing')}.`,
  )
}
