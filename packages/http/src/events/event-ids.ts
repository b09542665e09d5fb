import type { EventView } from '@custody/service'
import type { Dialect } from '../dialects/dialect.ts'

/** How a dialect writes ids of files, uploads and parts, which are plain UUIDs in the log. */
export type IdForms = Pick<Dialect, 'presentId' | 'presentPrefixedId'>

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The id of what an event happened to, as the dialect writes it. */
export function subjectOf(
  { type, stream }: { readonly type: string; readonly stream: string },
  forms: IdForms,
): string {
  if (!uuid.test(stream)) return stream
  return type.startsWith('Upload')
    ? forms.presentPrefixedId('upload_', stream)
    : forms.presentId(stream)
}

/** What an event says, with the ids in it as the dialect writes them. */
export function shownData({ type, data }: EventView, forms: IdForms): EventView['data'] {
  const part = (id: unknown) => forms.presentPrefixedId('part_', String(id))
  switch (type) {
    case 'FileUploaded':
      return data.source === 'form'
        ? data
        : { ...data, source: forms.presentPrefixedId('upload_', String(data.source)) }
    case 'UploadPartAdded':
      return { ...data, part: part(data.part) }
    case 'UploadCompleted': {
      const { file, parts } = data
      const shown = Array.isArray(parts) ? parts.map(part) : parts
      return { ...data, file: forms.presentId(String(file)), parts: shown }
    }
    case 'FileContentRead':
      return { ...data, file: forms.presentId(String(data.file)) }
    default:
      return data
  }
}
