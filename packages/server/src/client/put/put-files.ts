import { realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { CustodyError, quote } from '@custody/domain/errors'
import { showBytes } from '../../terminal/show-values.ts'
import { refusalBehind } from '../connection/refusal.ts'
import type { FileObject } from '../file-object.ts'
import type { Progress } from '../progress.ts'
import type { SavedWorks } from '../saved-work.ts'
import { forEachAtOnce } from '../slots.ts'
import type { FoundFile } from './find-local-files.ts'
import { type LocalFile, openLocalFile } from './local-file.ts'
import { putAsForm } from './put-as-form.ts'
import { putInParts } from './put-in-parts.ts'
import type { PutRequest, PutTools } from './put-request.ts'

export type PutDescription = Pick<PutRequest, 'purpose' | 'expiresAfter' | 'metadata'> & {
  /** In place of the file's own. */
  readonly name?: string
}

export type PutResult =
  | { readonly found: FoundFile; readonly file: FileObject }
  | { readonly found: FoundFile; readonly error: CustodyError }

/** What OpenAI's form takes; what is larger needs the Uploads API. */
const maxFormBytes = 512 * 2 ** 20

/**
 * Puts files, several at once, and tells of each as it is done. What all would fail of ends it: a key that is
 * refused, a server that is not there. Resolves to the number of files that are put.
 */
export async function putFiles(
  files: readonly FoundFile[],
  description: PutDescription,
  tools: PutTools & {
    readonly works: SavedWorks
    readonly progress: Progress
    tell(result: PutResult): void
    note(text: string): void
  },
): Promise<number> {
  const { works, progress, api } = tools
  let done = 0
  let isOver = false
  let hasUploads = true
  await forEachAtOnce(files, tools.parallel, async (found) => {
    if (isOver) return
    let file: LocalFile | undefined
    try {
      file = await openLocalFile(found.path, found.shown)
      const stored = await putTracked(found, file)
      done += 1
      tools.tell({ found, file: stored })
    } catch (error) {
      api.signal.throwIfAborted()
      if (!(error instanceof CustodyError)) throw error
      if (!(isOver && endsAll(error))) tools.tell({ found, error })
      isOver ||= endsAll(error)
    } finally {
      await file?.close()
    }
  })
  return done

  async function putTracked(found: FoundFile, file: LocalFile): Promise<FileObject> {
    const tracker = progress.begin(found.shown)
    let isDone = false
    try {
      const filename = (description.name ?? basename(found.path)).normalize('NFC')
      const note = (text: string) => tools.note(`${quote(found.shown)} ${text}`)
      const stored = await put(found, {
        purpose: description.purpose,
        ...(description.expiresAfter !== undefined && {
          expiresAfter: description.expiresAfter,
        }),
        ...(description.metadata && { metadata: description.metadata }),
        ...{ file, tracker, filename, note },
      })
      isDone = true
      // A path of another system, to the server: it keeps what comes after the last backslash
      const { filename: kept } = stored
      if (typeof kept === 'string' && kept !== filename) note(`is ${quote(kept)} there`)
      return stored
    } finally {
      tracker.end(isDone)
    }
  }

  /** By the Uploads API what is large, while the server has one. */
  async function put(found: FoundFile, request: PutRequest): Promise<FileObject> {
    const { bytes } = request.file
    const { base } = api.server
    if (bytes > tools.partBytes) {
      if (hasUploads) {
        const stored = await inParts(found, request)
        if (stored) return stored
        hasUploads = false
      }
      if (bytes > maxFormBytes) {
        throw new CustodyError(
          'invalid_value',
          `${quote(found.shown)} has ${showBytes(bytes)}, and ${base.origin} has no Uploads API (POST ${base.pathname}/uploads): without it a file may have at most ${showBytes(maxFormBytes)}.`,
        )
      }
    }
    return await putAsForm(request, tools)
  }

  async function inParts(
    found: FoundFile,
    request: PutRequest,
  ): Promise<FileObject | undefined> {
    const { base, key = '' } = api.server
    const { purpose, filename, expiresAfter, metadata } = request
    const said = JSON.stringify([purpose, filename, expiresAfter, metadata])
    const path = realpathSync(found.path)
    const saved = works.open(['put', base.href, key, path, said], found.shown)
    try {
      return await putInParts({ ...request, saved }, tools)
    } finally {
      saved.close()
    }
  }
}

/** Whether what is wrong is wrong with all requests. */
export function endsAll(error: CustodyError): boolean {
  const status = refusalBehind(error)?.status
  return status === 401 || status === 403 || error.key === 'server_unreachable'
}
