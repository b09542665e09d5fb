import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { CustodyError } from '@custody/domain/errors'
import type { ApiConnection } from '../connection/api-connection.ts'
import type { Tracker } from '../progress.ts'
import { type Received, receiveContent } from './receive-content.ts'

/** Gets a content into a stream. What was written there cannot be taken back. */
export async function getToStream(
  api: ApiConnection,
  get: {
    readonly id: string
    readonly range?: string
    readonly output: Writable
    readonly tracker: Tracker
    expect(bytes: number): void
  },
): Promise<Received> {
  const { output, tracker } = get
  return await receiveContent(
    api,
    get.id,
    {
      begin: ({ start, end }) => {
        if (Number.isFinite(end)) get.expect(end - start)
      },
      async write(chunk) {
        if (!output.write(chunk)) await once(output, 'drain', { signal: api.signal })
      },
      async restart() {
        throw new CustodyError(
          'request_refused',
          'The connection broke, and the server does not send the rest alone: what came so far is not whole.',
        )
      },
      progress: (bytes) => tracker.move('content', bytes),
    },
    get.range,
  )
}
