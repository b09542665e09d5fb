import type { ThreadContent } from '../protocol.ts'
import type { PluginContent } from '../types.ts'

/** Content as a message to a thread names it; bytes in memory are copied, so that they can be transferred. */
export function threadContent(content: PluginContent): ThreadContent {
  if ('path' in content) {
    return { kind: 'path', path: content.path, sealed: content.sealed }
  }
  if ('source' in content) return { kind: 'asked', size: content.source.size }
  return { kind: 'bytes', bytes: new Uint8Array(content.buffer).buffer }
}

/** What is transferred with the message. */
export function transferOf(content: ThreadContent | null): ArrayBuffer | undefined {
  return content?.kind === 'bytes' ? content.bytes : undefined
}
