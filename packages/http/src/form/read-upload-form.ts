import type { IncomingMessage } from 'node:http'
import { fileTooLarge } from '@custody/domain/errors'
import type { UploadSession } from '@custody/service'
import { ClientGoneError } from '../answers/client-gone-error.ts'
import type { TransferWatch } from '../connections/transfer-watch.ts'
import type { FormField } from '../dialects/dialect.ts'
import { BusboyForm, type FormContent } from './busboy-form.ts'
import { type ContentDigest, contentDigest } from './content-digest.ts'
import { FormCollector, type FormHead } from './form-collector.ts'
import {
  fieldTooLarge,
  malformedForm,
  overheadTooLarge,
  requestTooSlow,
} from './form-errors.ts'
import { formLimits } from './form-limits.ts'
import type { FormParts } from './form-parts.ts'
import { gatherBody, isGone } from './gather-body.ts'
import { type MultipartType, multipartType } from './multipart-type.ts'
import { type LeanPart, parseLeanForm } from './parse-lean-form.ts'

export type UploadForm = FormHead & { readonly content: FormContent }

export type ReadFormOptions = {
  readonly session: UploadSession
  readonly watch: TransferWatch
  /** Told the length of each chunk of a body that streams. */
  readonly onBytes: (bytes: number) => void
  /** Called when the head was found good, before the body is read. */
  readonly onAccepted: () => void
}

/**
 * Reads the form of an upload, its file into the session.
 *
 * @throws CustodyError
 * @throws ClientGoneError
 */
export async function readUploadForm(
  request: IncomingMessage,
  options: ReadFormOptions & {
    /** Whether the form may have this field; may throw for a value that is wrong already. */
    readonly takesField: (field: FormField) => boolean
  },
): Promise<UploadForm> {
  const collector = new FormCollector(options.takesField)
  return await readForm(request, collector, options, (content) => {
    const head = collector.finish()
    if (content === undefined) throw malformedForm('its file has no content')
    return { ...head, content }
  })
}

/**
 * Reads a form with one content into the session. A small body is gathered and parsed in one piece; any other
 * streams. Both ways accept and refuse the same forms, in the same words.
 *
 * @param finish Told the content, if there was a file, after the last part.
 * @throws CustodyError
 * @throws ClientGoneError
 */
export async function readForm<T>(
  request: IncomingMessage,
  collector: FormParts,
  options: ReadFormOptions,
  finish: (content: FormContent | undefined) => T,
): Promise<T> {
  const type = multipartType(request.headers)
  const digest = contentDigest(request.headers['content-digest'])
  const length = Number(request.headers['content-length'])
  options.onAccepted()
  if (!(length <= formLimits.gatheredBytes)) {
    return finish(await streamForm(request, type, digest, collector, options))
  }
  const { gatheredBytes } = formLimits
  const body = await gatherBody(request, options.watch, gatheredBytes, overheadTooLarge)
  const parts = leanParts(body, type)
  let form: T
  if (parts !== undefined) form = finish(collectLean(body, parts, collector, options))
  else {
    const parser = openForm(type, collector, options)
    parser.write(body, () => {})
    parser.end()
    form = finish(await parser.done)
  }
  digest?.update(body)
  digest?.check()
  return form
}

/** The parts, where the form is of the plain shape and its file fits into one buffer. */
function leanParts(body: Buffer, { boundary }: MultipartType): LeanPart[] | undefined {
  if (boundary === undefined) return undefined
  const parts = parseLeanForm(body, boundary)
  return parts?.every(({ start, end }) => end - start <= formLimits.bufferedFileBytes)
    ? parts
    : undefined
}

function collectLean(
  body: Buffer,
  parts: readonly LeanPart[],
  collector: FormParts,
  { session }: ReadFormOptions,
): FormContent | undefined {
  let file: Buffer | undefined
  for (const { name, filename, type, encoding, start, end } of parts) {
    if (filename === undefined) {
      if (end - start >= collector.valueBytes) throw fieldTooLarge(name)
      collector.addField(name, body.toString('utf8', start, end), encoding ?? '7bit')
    } else {
      const head = { filename, type: type ?? 'text/plain', encoding: encoding ?? '7bit' }
      collector.addFile(name, head)
      const bytes = end - start
      const { maxBytes: limit, maxSetBy: setBy } = session
      const param = collector.contentField
      if (bytes > limit) throw fileTooLarge({ bytes, limit, setBy, param })
      file = body.subarray(start, end)
    }
  }
  return file && session.fromBuffer(file)
}

function openForm(
  type: MultipartType,
  collector: FormParts,
  { session }: ReadFormOptions,
): BusboyForm {
  return new BusboyForm({
    contentType: type.contentType,
    boundary: type.boundary,
    collector,
    maxFileBytes: session.maxBytes,
    maxSetBy: session.maxSetBy,
    openSpool: () => session.spool(collector.hint),
  })
}

async function streamForm(
  request: IncomingMessage,
  type: MultipartType,
  digest: ContentDigest | undefined,
  collector: FormParts,
  options: ReadFormOptions,
): Promise<FormContent | undefined> {
  const form = openForm(type, collector, options)
  const transfer = {
    bytes: 0,
    waiting: true,
    idleMs: 0,
    cut: (reason: string) => form.fail(requestTooSlow(reason)),
  }
  const unwatch = options.watch.watch(transfer)
  const resume = () => {
    transfer.waiting = true
    request.resume()
  }
  const onData = (chunk: Buffer) => {
    transfer.bytes += chunk.length
    options.onBytes(chunk.length)
    digest?.update(chunk)
    if (!form.write(chunk, resume)) {
      transfer.waiting = false
      request.pause()
    }
    if (transfer.bytes - form.fileBytes > formLimits.overheadBytes) {
      form.fail(overheadTooLarge())
    }
  }
  const onEnd = () => {
    transfer.waiting = false
    request.removeListener('close', onClose)
    form.end()
  }
  const onClose = () => form.fail(new ClientGoneError())
  request.on('data', onData)
  request.on('end', onEnd)
  request.on('close', onClose)
  if (isGone(request)) onClose()
  try {
    const content = await form.done
    digest?.check()
    return content
  } finally {
    unwatch()
    request.removeListener('data', onData)
    request.removeListener('end', onEnd)
    request.removeListener('close', onClose)
    if (!request.readableEnded) request.pause()
  }
}
