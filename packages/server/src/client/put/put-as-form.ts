import { createHash } from 'node:crypto'
import { asFileObject, type FileObject } from '../file-object.ts'
import { mediaTypeOf } from './media-types.ts'
import { multipartBody } from './multipart-body.ts'
import type { PutRequest, PutTools } from './put-request.ts'

/** `POST /v1/files` with the whole file. */
export async function putAsForm(
  { file, filename, purpose, expiresAfter, metadata = {}, tracker }: PutRequest,
  { api, slots, newId }: PutTools,
): Promise<FileObject> {
  const fields: [string, string][] = [['purpose', purpose]]
  if (expiresAfter !== undefined) {
    fields.push(['expires_after[anchor]', 'created_at'])
    fields.push(['expires_after[seconds]', String(expiresAfter)])
  }
  for (const [key, value] of Object.entries(metadata)) {
    fields.push([`metadata[${key}]`, value])
  }
  const body = multipartBody(fields, {
    ...{ field: 'file', filename, type: mediaTypeOf(filename), bytes: file.bytes },
    async *chunks() {
      let sent = 0
      for await (const chunk of file.read(0, file.bytes)) {
        yield chunk
        sent += chunk.length
        tracker.move('form', sent)
      }
      // The end of the form is not sent for what was read while somebody wrote it
      await file.checkUnchanged()
    },
  })
  return await slots(async () => {
    // RFC 9530: a server that knows it refuses what arrives otherwise
    const digest = createHash('sha256')
    for await (const chunk of body.chunks()) digest.update(chunk)
    tracker.move('form', 0)
    const headers = {
      'content-digest': `sha-256=:${digest.digest('base64')}:`,
      'idempotency-key': newId(),
    }
    return asFileObject(await api.json('POST', '/files', { headers, body }))
  })
}
