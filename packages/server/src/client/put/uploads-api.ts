import { CustodyError, quote } from '@custody/domain/errors'
import type { ApiConnection } from '../connection/api-connection.ts'
import { refusalBehind } from '../connection/refusal.ts'
import { asFileObject, type FileObject, isFileObject, isObject } from '../file-object.ts'
import { jsonBody } from './multipart-body.ts'

export type ShownPart = {
  readonly id: string
  readonly bytes: number
  readonly sha256: string
}

/** What `GET /v1/uploads/{id}` says, where a server has that route, which is not OpenAI's. */
export type ShownUpload = {
  readonly status: string
  /** Undefined where they are not told. */
  readonly parts: readonly ShownPart[] | undefined
  /** Of a completed one. */
  readonly file: FileObject | undefined
}

/** An answer to a completion or a validation may take so long. */
const patientMs = 3_600_000

/** What a route that a server has not is answered with. */
export function isMissingRoute(error: unknown): boolean {
  return [404, 405, 501].includes(refusalBehind(error)?.status ?? 0)
}

export const uploadPath = (id: string, rest = '') =>
  `/uploads/${encodeURIComponent(id)}${rest}`

/** Undefined where the server does not know it, or has no such route. */
export async function showUpload(
  api: ApiConnection,
  id: string,
): Promise<ShownUpload | undefined> {
  let found: unknown
  try {
    found = await api.json('GET', uploadPath(id))
  } catch (error) {
    if (isMissingRoute(error)) return undefined
    throw error
  }
  if (!isObject(found) || typeof found.status !== 'string') return undefined
  const { status, parts, file } = found
  return {
    status,
    parts: Array.isArray(parts) && parts.every(isShownPart) ? parts : undefined,
    file: isFileObject(file) ? file : undefined,
  }
}

function isShownPart(value: unknown): value is ShownPart {
  return (
    isObject(value) &&
    typeof value.id === 'string' &&
    typeof value.sha256 === 'string' &&
    typeof value.bytes === 'number'
  )
}

/** @throws CustodyError `request_refused` for an answer without an id */
export function idIn(answer: unknown): string {
  if (isObject(answer) && typeof answer.id === 'string' && answer.id) return answer.id
  throw new CustodyError(
    'request_refused',
    `The server's answer has no id: ${quote(answer ?? 'nothing')}.`,
  )
}

export async function completeUpload(
  api: ApiConnection,
  id: string,
  partIds: readonly string[],
): Promise<FileObject> {
  const done = await api.json('POST', uploadPath(id, '/complete'), {
    body: jsonBody({ part_ids: partIds }),
    idleMs: patientMs,
    async recover() {
      const shown = await showUpload(api, id)
      return shown?.status === 'completed' && shown.file
        ? { file: shown.file }
        : undefined
    },
  })
  return asFileObject(isObject(done) ? done.file : undefined)
}

/** As well as it goes: an upload that stays pending expires by itself. */
export async function cancelUpload(api: ApiConnection, id: string): Promise<void> {
  await api.json('POST', uploadPath(id, '/cancel')).catch(() => {})
}
