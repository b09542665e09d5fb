import { createHash } from 'node:crypto'
import {
  type AppendedEvent,
  type AppendRequest,
  findKeptAnswer,
  keyReused,
} from '@custody/event-log'
import { canonicalJson } from '@custody/transparency'
import type { ServiceEnvironment } from '../service-environment.ts'
import { AlreadyDone } from './already-done.ts'

/** How long the answer to a request is kept. */
const KEEP_SECONDS = 86_400

/** Where an Idempotency-Key is unique, and what it is. */
export type IdempotencyScope = {
  /** Who asks: one project's, or the administrator's. */
  readonly project: string
  /** Id of the API key. */
  readonly key: string
  /** Method and path. */
  readonly route: string
  /** As the client sent it. */
  readonly idempotencyKey: string
  /** The id of a file as the client sees it. */
  readonly presentId: (id: string) => string
}

/** What goes along with the command, so that the log does it once. */
export type AppendOnce = NonNullable<AppendRequest['idempotency']>

/** A request that came with an Idempotency-Key; must be ended. */
export interface Attempt {
  /** The request was done before, or is being done: what it takes is there already, and is not to be asked for twice. */
  readonly isRepeat: boolean
  /** The answer is that of an earlier request. */
  readonly replayed: boolean
  /** The id of a file as the client sees it. */
  readonly presentId: (id: string) => string
  /**
   * Does the work unless an earlier request with the key did it, which is told anew then. One that runs is waited
   * for. `work` must hand `once` to the log; what it throws is not kept.
   *
   * @param request All that the request asks, as JSON data; members that are undefined do not count.
   * @throws CustodyError `idempotency_key_reused` where the earlier request was another one
   */
  once<T>(
    request: Readonly<Record<string, unknown>>,
    steps: {
      readonly work: (once: AppendOnce) => Promise<T>
      /** The answer of today to the request that led to these events. */
      readonly tell: (events: readonly AppendedEvent[]) => Promise<T>
    },
  ): Promise<T>
  end(): void
}

/** Does a request once, however often it is sent. */
export interface Idempotency {
  begin(scope: IdempotencyScope): Promise<Attempt>
}

type Running = { attempts: number; last: Promise<unknown> }

export function createIdempotency({
  log,
  clock,
}: Pick<ServiceEnvironment, 'log' | 'clock'>): Idempotency {
  const running = new Map<string, Running>()
  const kept = (key: string) => findKeptAnswer(log.reader.sql, key, clock() * 1000)

  return {
    async begin(scope) {
      const { project, key: apiKey, route, idempotencyKey } = scope
      const key = digest([project, apiKey, route, idempotencyKey])
      const isKept = (await kept(key)) !== undefined
      const mine = running.get(key) ?? { attempts: 0, last: Promise.resolve() }
      mine.attempts += 1
      running.set(key, mine)
      let replayed = false
      let ended = false

      const attempt: Attempt = {
        isRepeat: isKept || mine.attempts > 1,
        presentId: scope.presentId,
        get replayed() {
          return replayed
        },

        once(request, { work, tell }) {
          const once = { key, fingerprint: digest(request), keepSeconds: KEEP_SECONDS }
          const retell = (events: readonly AppendedEvent[]) => {
            replayed = true
            return tell(events)
          }
          async function turn() {
            const earlier = await kept(key)
            if (earlier) {
              const { fingerprint, events } = earlier
              if (fingerprint !== undefined && fingerprint !== once.fingerprint) {
                throw keyReused()
              }
              return await retell(events)
            }
            try {
              return await work(once)
            } catch (error) {
              if (error instanceof AlreadyDone) return await retell(error.events)
              throw error
            }
          }
          const mineDone = mine.last.then(turn)
          mine.last = mineDone.catch(() => {})
          return mineDone
        },

        end() {
          if (ended) return
          ended = true
          mine.attempts -= 1
          if (mine.attempts === 0) running.delete(key)
        },
      }
      return attempt
    },
  }
}

/** Does what may be asked with an Idempotency-Key, and mostly is not. */
export function doOnce<T>(
  attempt: Attempt | undefined,
  request: () => Readonly<Record<string, unknown>>,
  steps: {
    readonly work: (once: AppendOnce | undefined) => Promise<T>
    readonly tell: (events: readonly AppendedEvent[]) => Promise<T>
  },
): Promise<T> {
  return attempt ? attempt.once(request(), steps) : steps.work(undefined)
}

function digest(value: unknown): string {
  return createHash('sha256')
    .update(canonicalJson(definite(value)))
    .digest('hex')
}

/** Without members that are undefined. */
function definite(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
