import { createHash } from 'node:crypto'
import { CustodyError, quote } from '@custody/domain/errors'
import { refusalBehind } from '../connection/refusal.ts'
import type { FileObject } from '../file-object.ts'
import type { SavedWork } from '../saved-work.ts'
import { forEachAtOnce } from '../slots.ts'
import { mediaTypeOf } from './media-types.ts'
import { jsonBody, multipartBody } from './multipart-body.ts'
import type { PutRequest, PutTools } from './put-request.ts'
import {
  isOfFile,
  parseSavedPut,
  regionOf,
  type SavedPut,
  type SentPart,
} from './saved-put.ts'
import {
  cancelUpload,
  completeUpload,
  idIn,
  isMissingRoute,
  type ShownPart,
  showUpload,
  uploadPath,
} from './uploads-api.ts'

/** As many as Custody takes. */
const maxParts = 1_000

/** A put that can be resumed. */
export type PutInParts = PutRequest & { readonly saved: SavedWork }

/** An upload that is under way. */
type Begun = {
  readonly upload: string
  readonly plan: SavedPut
  /** By index. */
  readonly sent: Map<number, SentPart>
  /** Whether the server has told which parts it has. */
  readonly isShown: boolean
}

/**
 * Sends a file by the Uploads API, from where an interrupted put of it has stopped. Resolves to undefined where the
 * server has no such API.
 */
export async function putInParts(
  put: PutInParts,
  tools: PutTools,
): Promise<FileObject | undefined> {
  const { api } = tools
  const { saved } = put
  for (let isAnew = false; ; isAnew = true) {
    const resumed = isAnew ? undefined : await resume(put, tools)
    if (resumed && 'id' in resumed) {
      saved.forget()
      return resumed
    }
    const begun = resumed ?? (await begin(put, tools))
    if (!begun) return undefined
    try {
      const file = await finish(put, tools, begun)
      saved.forget()
      return file
    } catch (error) {
      if (isWorthKeeping(error)) throw error
      await cancelUpload(api, begun.upload)
      saved.forget()
      // A server that tells nothing of its uploads may have ended this one long ago
      const mayBeGone = resumed !== undefined && !resumed.isShown
      if (isAnew || !mayBeGone || !refusalBehind(error)) throw error
      put.tracker.restart()
    }
  }
}

/** Whether the same put can go on later: nothing is wrong with the file or the upload. */
function isWorthKeeping(error: unknown): boolean {
  const refusal = refusalBehind(error)
  if (!refusal) return !(error instanceof CustodyError && error.key === 'invalid_value')
  return refusal.status >= 500 || [401, 403, 408, 409, 429].includes(refusal.status)
}

/** What an interrupted put has left; the file itself where only the answer to its completion was lost. */
async function resume(
  { file, saved, tracker, note }: PutInParts,
  { api }: PutTools,
): Promise<Begun | FileObject | undefined> {
  const plan = parseSavedPut(saved.load())
  if (!plan || plan.upload === null) return undefined
  const { upload } = plan
  if (!isOfFile(plan, file)) {
    note('was changed since its put was interrupted, which begins anew')
    await cancelUpload(api, upload)
    saved.forget()
    return undefined
  }
  const shown = await showUpload(api, upload)
  if (shown?.status === 'completed' && shown.file?.bytes === file.bytes) return shown.file
  if (shown && shown.status !== 'pending') {
    note(`begins anew: the server has no upload of it any more (${shown.status})`)
    saved.forget()
    return undefined
  }
  const sent = await knownParts(file, plan, shown?.parts)
  for (const { index } of sent.values()) {
    const { start, end } = regionOf(index, plan)
    tracker.skip(String(index), end - start)
  }
  const count = countOf(plan)
  note(`goes on where it stopped: ${sent.size} of ${count} parts are there`)
  return { upload, plan, sent, isShown: shown?.parts !== undefined }
}

/**
 * The parts that need not be sent: those that the file still has as they were sent, and the server has as they are
 * in the file. The server may have more than was written down before the end of the process.
 */
async function knownParts(
  file: PutRequest['file'],
  plan: SavedPut,
  shown: readonly ShownPart[] | undefined,
): Promise<Map<number, SentPart>> {
  const sent = new Map<number, SentPart>()
  const others = new Map(shown?.map((part) => [part.id, part]))
  for (const part of plan.parts) {
    const { start, end } = regionOf(part.index, plan)
    const there = others.get(part.id)
    if (shown && (there?.sha256 !== part.sha256 || there.bytes !== end - start)) continue
    others.delete(part.id)
    if ((await file.sha256(start, end)) === part.sha256) sent.set(part.index, part)
  }
  for (let index = 0; index < countOf(plan) && others.size > 0; index++) {
    const { start, end } = regionOf(index, plan)
    const ofSize = [...others.values()].filter(({ bytes }) => bytes === end - start)
    if (sent.has(index) || ofSize.length === 0) continue
    const sha256 = await file.sha256(start, end)
    const found = ofSize.find((part) => part.sha256 === sha256)
    if (!found) continue
    others.delete(found.id)
    sent.set(index, { index, id: found.id, sha256 })
  }
  return sent
}

const countOf = ({ bytes, partBytes }: SavedPut) => Math.ceil(bytes / partBytes)

async function begin(put: PutInParts, tools: PutTools): Promise<Begun | undefined> {
  const { file, filename, purpose, expiresAfter, metadata, saved } = put
  const { api, partBytes, newId } = tools
  const former = parseSavedPut(saved.load())
  const plan: SavedPut = {
    version: 1,
    bytes: file.bytes,
    changed: file.changed,
    partBytes: Math.max(partBytes, Math.ceil(file.bytes / maxParts)),
    // Of a creation whose answer was lost, so that it is answered with the same upload
    idempotencyKey:
      former?.upload === null && isOfFile(former, file) ? former.idempotencyKey : newId(),
    upload: null,
    parts: [],
  }
  saved.save(plan)
  const declared = {
    filename,
    purpose,
    bytes: file.bytes,
    mime_type: mediaTypeOf(filename),
    ...(expiresAfter !== undefined && {
      expires_after: { anchor: 'created_at', seconds: expiresAfter },
    }),
    ...(metadata && { metadata }),
  }
  try {
    const made = await api.json('POST', '/uploads', {
      headers: { 'idempotency-key': plan.idempotencyKey },
      body: jsonBody(declared),
    })
    const upload = idIn(made)
    saved.save({ ...plan, upload })
    return { upload, plan: { ...plan, upload }, sent: new Map(), isShown: false }
  } catch (error) {
    if (refusalBehind(error)) saved.forget()
    if (isMissingRoute(error)) return undefined
    throw error
  }
}

async function finish(
  put: PutInParts,
  tools: PutTools,
  { upload, plan, sent }: Begun,
): Promise<FileObject> {
  const { file, filename, saved } = put
  const { api, slots, parallel } = tools
  const count = countOf(plan)
  const claimed = new Set([...sent.values()].map(({ id }) => id))
  const missing = Array.from({ length: count }, (_, index) => index).filter(
    (index) => !sent.has(index),
  )
  const save = () => saved.save({ ...plan, parts: [...sent.values()] })
  await forEachAtOnce(missing, parallel, async (index) => {
    await slots(async () => {
      let part: SentPart
      // Where two parts are alike, the one whose answer was lost may have been taken for the other
      do part = await sendPart(put, tools, { upload, plan, index, claimed })
      while (claimed.has(part.id))
      claimed.add(part.id)
      sent.set(index, part)
      save()
    })
  })
  await file.checkUnchanged()

  const shown = await showUpload(api, upload)
  const arrived = shown?.parts && new Map(shown.parts.map((part) => [part.id, part]))
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    const part = sent.get(index)
    if (!part) throw new Error(`part ${index} was not sent`)
    if (arrived && arrived.get(part.id)?.sha256 !== part.sha256) {
      sent.delete(index)
      save()
      throw new CustodyError(
        'server_unreachable',
        `Part ${index + 1} of ${quote(filename)} did not arrive as it was sent: the same command sends it again.`,
      )
    }
    ids.push(part.id)
  }
  return await completeUpload(api, upload, ids)
}

async function sendPart(
  { file, tracker }: PutRequest,
  { api }: PutTools,
  part: {
    readonly upload: string
    readonly plan: SavedPut
    readonly index: number
    readonly claimed: ReadonlySet<string>
  },
): Promise<SentPart> {
  const { upload, plan, index, claimed } = part
  const { start, end } = regionOf(index, plan)
  let digest: string | undefined
  const body = multipartBody([], {
    ...{ field: 'data', filename: 'upload', type: 'application/octet-stream' },
    bytes: end - start,
    async *chunks() {
      const hash = createHash('sha256')
      let sent = 0
      tracker.move(String(index), 0)
      for await (const chunk of file.read(start, end)) {
        hash.update(chunk)
        yield chunk
        sent += chunk.length
        tracker.move(String(index), sent)
      }
      digest = hash.digest('hex')
    },
  })
  const answer = await api.json('POST', uploadPath(upload, '/parts'), {
    body,
    async recover() {
      if (digest === undefined) return undefined
      const shown = await showUpload(api, upload)
      return shown?.parts?.find(
        ({ id, bytes, sha256 }) =>
          sha256 === digest && bytes === end - start && !claimed.has(id),
      )
    },
  })
  tracker.move(String(index), end - start)
  return { index, id: idIn(answer), sha256: digest ?? '' }
}
