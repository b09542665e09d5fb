import { CustodyError, parseFileId, toFileId } from '@custody/domain'
import type { Integrity, ScrubFinding, ScrubSlice } from '@custody/service'
import { emptyBody, scrubOptions } from './admin-bodies.ts'
import type { Route } from './admin-request.ts'

/** Bytes that are read for one answer, unless the request says less. */
const SLICE_BYTES = 32 * 2 ** 20

/** What the command line asks for: stored content read again, slice by slice, and a clock that is right. */
export function addIntegrityRoutes(route: Route, integrity: Integrity): void {
  route('post', '/scrub', async (request) => {
    const {
      cursor,
      file,
      max_bytes: maxBytes = SLICE_BYTES,
    } = await request.body(scrubOptions)
    const options = { by: request.admin, signal: request.signal() }
    if (file === undefined) {
      const slice = await integrity.slice({ ...options, from: cursor, maxBytes })
      return presentSlice(slice, await integrity.total())
    }
    if (cursor !== undefined) {
      throw new CustodyError(
        'invalid_value',
        "Invalid 'cursor': it goes through all files, and 'file' names one.",
        { param: 'cursor' },
      )
    }
    const id = parseFileId(file)
    if (id === undefined) {
      throw new CustodyError('file_not_found', `No such File object: ${file}`, {
        param: 'file',
      })
    }
    const slice = await integrity.file(id, { ...options, idAsSent: file })
    return presentSlice(slice, { files: slice.files, bytes: slice.bytes })
  })
  route('post', '/clock/accept', async (request) => {
    await request.body(emptyBody)
    const problem = await integrity.acceptClock(request.admin)
    return { object: 'clock', accepted: problem !== null, problem }
  })
}

function presentSlice(
  { damaged, unreadable, repaired, next, ...counts }: ScrubSlice,
  total: { readonly files: number; readonly bytes: number },
): object {
  return {
    object: 'scrub',
    ...counts,
    damaged: damaged.map(({ segment, problem, isKnown, ...place }) => ({
      ...presentPlace(place),
      segment,
      problem,
      known: isKnown,
    })),
    unreadable: unreadable.map(({ problem, ...place }) => ({
      ...presentPlace(place),
      problem,
    })),
    repaired: repaired.map(presentPlace),
    next,
    total,
  }
}

const presentPlace = ({ project, file, extent }: ScrubFinding) => ({
  project,
  file: toFileId(file),
  extent,
})
