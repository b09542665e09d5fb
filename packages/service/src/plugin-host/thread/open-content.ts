import { openSealedFile } from '@custody/blob-store/sealed-file'
import { type ByteSource, openFileSource } from '@custody/plugin-api/host'
import { type ControlBlock, type ThreadContent, word } from '../protocol.ts'
import { FollowedSource } from './followed-source.ts'
import type { HostReads } from './host-reads.ts'

export interface OpenContent extends ByteSource {
  /** Of content that is still being written. */
  readonly followed: FollowedSource | undefined
  /** Why reading failed for a reason that is not the plugin's. */
  readonly error: unknown
  close(): void
}

/**
 * The bytes of a file that the thread works on alone.
 *
 * A read notices by itself that its file is no longer wanted: a validator that only reads never comes back
 * to the event loop, where it would hear of it.
 *
 * @throws the system's error when a path cannot be opened
 */
export function openContent(
  content: ThreadContent,
  slot: number,
  control: ControlBlock,
  hostReads: HostReads,
  controller: AbortController,
): OpenContent {
  const { source, followed, close } = open(content, slot, control, hostReads)
  let error: unknown
  const fail = (cause: unknown) => {
    error ??= cause
    throw cause
  }
  return {
    followed,
    close,
    get error() {
      return error
    },
    get size() {
      return source.size
    },
    read(start, end) {
      if (Atomics.load(control.words, word.abandoned) === 1) abandon(controller)
      controller.signal.throwIfAborted()
      try {
        const bytes = source.read(start, end)
        return bytes instanceof Promise ? bytes.catch(fail) : bytes
      } catch (cause) {
        return fail(cause)
      }
    },
  }
}

/** Tells a validator that nobody waits for its verdict any more. */
export function abandon(controller: AbortController, followed?: FollowedSource): void {
  const reason = new DOMException('Nobody waits for this file any more.', 'AbortError')
  controller.abort(reason)
  followed?.fail(reason)
}

export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (start, end) => bytes.subarray(start, end) }
}

type Opened = {
  readonly source: ByteSource
  readonly followed: FollowedSource | undefined
  readonly close: () => void
}

function open(
  content: ThreadContent,
  slot: number,
  control: ControlBlock,
  hostReads: HostReads,
): Opened {
  switch (content.kind) {
    case 'bytes': {
      const source = memorySource(new Uint8Array(content.bytes))
      return { source, followed: undefined, close() {} }
    }
    case 'asked': {
      const source = hostReads.source(slot, content.size)
      return { source, followed: undefined, close() {} }
    }
    case 'path': {
      const { path, sealed } = content
      const source = sealed ? openSealedFile(path, sealed) : openFileSource(path)
      return { source, followed: undefined, close: () => source.close() }
    }
    case 'followed': {
      const followed = new FollowedSource(openFileSource(content.path), control)
      return { source: followed, followed, close: () => followed.close() }
    }
  }
}
