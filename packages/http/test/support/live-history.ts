import { randomUUID } from 'node:crypto'
import { CustodyError } from '@custody/domain/errors'
import type { EventView, Follower, History } from '@custody/service'

/** A history whose live events a test tells by hand. */
export class LiveHistory implements History {
  /** Readers that are told. */
  readonly followers = new Set<Follower>()
  #position = 0

  /** Tells all readers of one more event, with so many bytes of data. */
  tell(bytes = 10): void {
    this.#position += 1
    const event: EventView = {
      id: randomUUID(),
      position: this.#position,
      project: 'default',
      stream: randomUUID(),
      type: 'FileUploaded',
      time: '2026-01-31T23:59:59.000001Z',
      actor: 'key:default',
      requestId: 'req_1',
      data: { text: 'x'.repeat(bytes) },
    }
    const events = [event]
    for (const follower of this.followers) follower.onEvents(events)
  }

  async follow(): ReturnType<History['follow']> {
    let own: Follower | undefined
    return {
      position: this.#position,
      start: (follower) => {
        own = follower
        this.followers.add(follower)
      },
      stop: () => void (own && this.followers.delete(own)),
    }
  }

  async events(): ReturnType<History['events']> {
    return { events: [], hasMore: false }
  }

  file(): never {
    throw new CustodyError('file_not_found', 'No such File object.')
  }

  holds(): never {
    throw new CustodyError('file_not_found', 'No such File object.')
  }

  files(): never {
    throw new CustodyError('cursor_not_found', 'No such File object.')
  }

  fileEvents(): never {
    throw new CustodyError('file_not_found', 'No such File object.')
  }
}
