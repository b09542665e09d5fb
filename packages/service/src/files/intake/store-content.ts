import type { SpooledContent } from '@custody/blob-store'
import { CustodyError } from '@custody/domain'
import { AlreadyDone } from '../../idempotency/already-done.ts'
import type { KeyRing } from '../../keys/key-ring.ts'
import type { Place } from '../../log/stored-command.ts'
import type { ServiceEnvironment } from '../../service-environment.ts'

/** Content that is durable or about to be: the log takes inline content with its event. */
export type StoredContent = {
  readonly place: Place
  /** What goes with the command that promises it. */
  readonly attachments: readonly Uint8Array[]
  /**
   * To be called with what appending that command threw. Where it was refused under the lock (a quota, an archived
   * project), or another one had done it before, the bytes have no event, so they go. After any other error the event may yet be there, and then they
   * must stay; the sweep decides.
   */
  removeAfter(error: unknown): Promise<void>
}

/** Makes content durable under the id of an extent, before the event that promises it. */
export async function storeContent(
  { blobs, keys }: Pick<ServiceEnvironment, 'blobs' | 'keys'>,
  content: SpooledContent,
  extentId: string,
  signal: AbortSignal,
): Promise<StoredContent> {
  const { stored } = content
  if (!stored.inline) await content.commit(extentId, { signal })
  // Last of all: what is wrapped is handed to the log before anything else can happen, a rotation for one.
  const form = {
    format: stored.format,
    storedBytes: stored.bytes,
    ...(stored.format !== 'plain' && { key: wrap(keys, stored.dataKey, extentId) }),
  }
  if (stored.inline) {
    return {
      place: { place: 'inline', ...form },
      attachments: [stored.inline],
      async removeAfter() {},
    }
  }
  return {
    place: { place: 'disk', ...form },
    attachments: [],
    async removeAfter(error) {
      const isRefused = error instanceof CustodyError && error.key !== 'internal_error'
      if (isRefused || error instanceof AlreadyDone) await blobs.delete([extentId])
    },
  }
}

function wrap(keys: KeyRing | undefined, dataKey: Uint8Array, extentId: string) {
  if (!keys) throw new TypeError('Content was sealed, and there is no master key')
  const { kek, wrapped } = keys.wrap(dataKey, extentId)
  return { kek, wrapped: Buffer.from(wrapped).toString('base64') }
}
