import {
  type ContentFollower,
  INLINE_MAX_BYTES,
  type UploadSpool,
} from '@custody/blob-store'
import { CustodyError, quotaOf } from '@custody/domain'
import { fileTooLarge } from '@custody/domain/errors'
import type { Principal } from '../../auth/principal.ts'
import type { ServiceEnvironment } from '../../service-environment.ts'
import type { QuotaLedger } from '../../usage/quota-ledger.ts'
import { reservingSpool } from '../../usage/reserving-spool.ts'
import type { UploadPolicy, UploadSession } from '../files.ts'
import { boundedSpool } from './bounded-spool.ts'
import { diskFull, hasSpace } from './disk-space.ts'
import { type FollowedUploads, followUpload } from './follow-upload.ts'
import { extensionOf } from './judge-content.ts'
import {
  largestLimit,
  limitOf,
  offeredPurposes,
  requirePurpose,
} from './purpose-rules.ts'

/** Uploads at once with one key; more are told to wait. */
const MAX_UPLOADS_PER_KEY = 64

/** What a form takes beside the file: boundaries, part headers, the other fields. */
const FORM_OVERHEAD = 64 * 1024

/** The most that a form may take beside the file: what is declared beyond it is the file's. */
const MAX_FORM_OVERHEAD = 8 * 1024 * 1024

/** How long a look at the free space is believed. */
const FREE_SPACE_MS = 1000

/** Admits uploads: how many at once, how large, and whether there is room. */
export interface UploadAdmission {
  begin(
    principal: Principal,
    options: {
      policy: UploadPolicy
      declaredBytes: number | undefined
      dryRun?: boolean
      isRepeat?: boolean
      /** It is a part of a file: at most so many bytes. Absent: what a purpose takes at most. */
      partBytes?: number
      /** Shown what of the content is sealed. */
      follower?: ContentFollower | undefined
      signal: AbortSignal
    },
  ): UploadSession
}

export function createUploadAdmission(
  environment: Pick<ServiceEnvironment, 'blobs' | 'plugins' | 'clock'>,
  followed: FollowedUploads,
  ledger: QuotaLedger,
): UploadAdmission {
  const { blobs, plugins, clock } = environment
  const running = new Map<string, number>()
  let free = { at: Number.NEGATIVE_INFINITY, enough: true }

  function requireSpace(): void {
    const now = clock()
    if (Math.abs(now - free.at) > FREE_SPACE_MS) {
      free = { at: now, enough: hasSpace(environment) }
    }
    if (!free.enough) {
      throw new CustodyError('insufficient_storage', diskFull)
    }
  }

  return {
    begin(principal, { policy, declaredBytes, follower, signal, ...options }) {
      const { dryRun, isRepeat, partBytes } = options
      const { keyId } = principal
      const others = running.get(keyId) ?? 0
      if (others >= MAX_UPLOADS_PER_KEY) {
        throw new CustodyError(
          'too_many_uploads',
          `This key has ${others} uploads running; at most ${MAX_UPLOADS_PER_KEY} at once are taken.`,
          { headers: { 'retry-after': '1' } },
        )
      }
      // What is small and not stored stages nothing; what is large takes of the disk what an upload does, though not for long.
      const stages =
        !(dryRun || isRepeat) ||
        declaredBytes === undefined ||
        declaredBytes > INLINE_MAX_BYTES
      if (stages) requireSpace()
      const offered = offeredPurposes(plugins, principal, policy)
      const { maxBytes, setBy } =
        partBytes === undefined
          ? largestLimit(offered, principal, policy)
          : { maxBytes: partBytes, setBy: 'a part' }
      if (declaredBytes !== undefined && declaredBytes > maxBytes + FORM_OVERHEAD) {
        const param = partBytes === undefined ? 'file' : 'data'
        throw fileTooLarge({ bytes: declaredBytes, limit: maxBytes, setBy, param })
      }

      const quota = quotaOf(principal.project.limits, policy)
      const reservation =
        quota === undefined || dryRun || isRepeat
          ? undefined
          : ledger.open({
              project: principal.project.id,
              quota,
              atLeast: (declaredBytes ?? 0) - MAX_FORM_OVERHEAD,
            })

      running.set(keyId, others + 1)
      let closed = false
      const opened: UploadSpool[] = []
      return {
        maxBytes,
        maxSetBy: setBy,
        checkPurpose: (name) => void requirePurpose(offered, name, policy),
        spool(hint) {
          let spool = blobs.spool({ maxBytes, follower, signal })
          const purpose = offered.find(({ name }) => name === hint?.purpose)
          // A dry run wants to say more of a file than that it is too large.
          if (hint && purpose && !dryRun) {
            const extension = extensionOf(hint.filename)
            spool = boundedSpool(spool, limitOf(purpose, extension, principal, policy))
          }
          if (reservation) spool = reservingSpool(spool, reservation, ledger)
          if (hint && purpose) {
            spool = followUpload(spool, followed, hint, (path) =>
              plugins.follow({
                ...hint,
                dialect: policy.dialect,
                path,
                project: principal.project.id,
                signal,
              }),
            )
          }
          // The outermost, so that a validation ends with the upload that it follows.
          opened.push(spool)
          return spool
        },
        fromBuffer(bytes) {
          const content = blobs.fromBuffer(bytes)
          if (reservation) ledger.put(content, reservation)
          return content
        },
        async close() {
          if (closed) return
          closed = true
          reservation?.release()
          const left = (running.get(keyId) ?? 1) - 1
          if (left === 0) running.delete(keyId)
          else running.set(keyId, left)
          // What was uploaded is committed by now, and has nothing left to discard.
          for (const one of opened) await one.discard()
        },
      }
    },
  }
}
