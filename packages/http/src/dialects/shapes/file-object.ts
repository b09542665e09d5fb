import type { FileView } from '@custody/service'
import type { Presented } from '../dialect.ts'

/**
 * OpenAI's File object. `metadata` is not OpenAI's: it is there when the upload brought it.
 *
 * @see https://platform.openai.com/docs/api-reference/files/object
 */
export function fileObject(file: FileView, presentId: (id: string) => string): Presented {
  return {
    id: presentId(file.id),
    object: 'file',
    bytes: file.bytes,
    created_at: file.createdAt,
    ...(file.expiresAt === null ? undefined : { expires_at: file.expiresAt }),
    filename: file.filename,
    purpose: file.purpose,
    status: file.status,
    status_details: null,
    ...(file.metadata === null ? undefined : { metadata: file.metadata }),
  }
}
