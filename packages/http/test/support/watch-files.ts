import type { Files, UploadSession } from '@custody/service'

type Spool = ReturnType<UploadSession['spool']>

/** What a test sees of the files use cases, and where it may hold them up. */
export type Watch = {
  /** Uploads that began and were not closed. */
  openSessions: number
  /** Bytes that uploads gave to their spools. */
  spooledBytes: number
  /** Bytes that downloads took, but for content that lies inline. */
  readBytes: number
  /** Waited for before each write to a spool. */
  beforeWrite?: () => Promise<void>
  /** Waited for before each chunk of a content is given. */
  onRead?: () => void | Promise<void>
}

export type WatchedFiles = Files & Watch

/** The same use cases: what they are asked goes through, and is counted. */
export function watchFiles(files: Files): WatchedFiles {
  const watched: WatchedFiles = {
    ...files,
    openSessions: 0,
    spooledBytes: 0,
    readBytes: 0,
    beginUpload(principal, options) {
      const session = files.beginUpload(principal, options)
      watched.openSessions += 1
      return {
        ...session,
        spool: (hint) => watchSpool(session.spool(hint), watched),
        async close() {
          await session.close()
          watched.openSessions -= 1
        },
      }
    },
    async content(principal, id, idAsSent) {
      const content = await files.content(principal, id, idAsSent)
      return {
        ...content,
        async *read(start, end, options) {
          for await (const chunk of content.read(start, end, options)) {
            watched.readBytes += chunk.length
            await watched.onRead?.()
            yield chunk
          }
        },
      }
    },
  }
  return watched
}

function watchSpool(spool: Spool, watched: Watch): Spool {
  return {
    get bytes() {
      return spool.bytes
    },
    get staged() {
      return spool.staged
    },
    write(chunk) {
      watched.spooledBytes += chunk.length
      const held = watched.beforeWrite?.()
      return held ? held.then(() => spool.write(chunk)) : spool.write(chunk)
    },
    end: () => spool.end(),
    discard: () => spool.discard(),
  }
}
