import type { FilePage, FileView } from '@custody/service'
import type { Presented } from '../dialect.ts'

/** A list page of OpenAI's form. The ids are null when it is empty. */
export function listObject(
  { files, hasMore }: FilePage,
  presentFile: (file: FileView) => Presented,
): Readonly<Record<string, unknown>> {
  const data = files.map(presentFile)
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  }
}
