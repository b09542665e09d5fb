import type { ContentFollower } from '@custody/blob-store'
import type { Extent, Upload } from '@custody/domain'
import type { DigestSource, DigestThread, OpenDigest } from './digest-thread.ts'
import { type Hold, holdPart } from './hold-part.ts'
import { createIdleMeter, type IdleMeter } from './idle-meter.ts'

/** Uploads that are followed at once; the digest of another is made when it is completed. */
const MAX_FOLLOWED = 64

/** Parts that are read at once, of all uploads: one thread hashes them, and each takes memory on its way there. */
const AT_ONCE = 2

/** What is followed of an upload. */
type FollowedUpload = Pick<Upload, 'id' | 'partCount'> & Partial<Pick<Upload, 'bytes'>>

/**
 * SHA-256 of files whose parts are still coming: rolled over the parts in the order in which they began to come, which
 * is that of the file for most clients. In memory only: where it does not fit, the file is read again.
 *
 * A part whose turn it is when its first bytes are sealed is hashed from memory, along with that; any other is read again
 * when its turn comes. Where one thread seals everything, parts wait for their turn (docs/decisions/0030-parts-take-turns.md).
 */
export interface RollingDigests {
  /** A part begins to come. */
  begin(
    upload: FollowedUpload,
    part?: {
      /** Of the whole request. */
      readonly declaredBytes?: number | undefined
      /** It no longer comes. */
      readonly signal?: AbortSignal
    },
  ): PartTurn
  /** Of a file of just these parts; undefined where they were not followed in this order. */
  take(upload: string, parts: readonly string[]): Promise<string | undefined>
  /** The upload has ended. */
  forget(upload: string): void
}

/** The place of one part among those of its upload. One of the two is called, in the end. */
export interface PartTurn {
  /** To be shown the part's content. */
  readonly follower: ContentFollower
  /** It is durable now. */
  added(extent: Extent): void
  /** It came to nothing. After `added` it means nothing. */
  dropped(): void
}

type Turn = {
  state: 'coming' | 'dropped' | Extent
  /** `live`: hashed from memory as it comes; `fed`: all of it was. `late`: to be read again. */
  feed: 'none' | 'held' | 'live' | 'fed' | 'late'
  hold: Hold | undefined
}

type Roll = {
  /** Those that are not hashed yet, in the order in which they began. */
  readonly turns: Turn[]
  /** Parts that are hashed, or about to be. */
  readonly hashed: string[]
  readonly controller: AbortController
  digest: OpenDigest | undefined
  work: Promise<void>
  isWorking: boolean
  /** A part is read again. */
  isReading: boolean
  /** Before whose content the digest has its mark. */
  marked: Turn | undefined
  readonly meter: IdleMeter
  /** Once somebody asked: it takes nothing more. */
  result:
    | { readonly parts: string; readonly sha256: Promise<string | undefined> }
    | undefined
}

/** @param read The bytes of a part's extent. */
export function createRollingDigests(
  thread: DigestThread,
  read: (
    upload: string,
    extent: Extent,
    signal: AbortSignal,
  ) => DigestSource | Promise<DigestSource>,
  now: () => number = () => performance.now(),
): RollingDigests {
  const rolls = new Map<string, Roll>()
  const waiting: (() => void)[] = []
  let reading = 0

  /** Parts have their turns in the order in which they ask. */
  async function inTurn(work: () => Promise<void>): Promise<void> {
    if (reading >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
    else reading += 1
    try {
      await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else reading -= 1
    }
  }

  function forget(upload: string): void {
    const roll = rolls.get(upload)
    rolls.delete(upload)
    roll?.controller.abort()
    roll?.digest?.cancel()
    for (const turn of roll?.turns ?? []) {
      turn.feed = 'late'
      turn.hold?.end()
    }
  }

  /** What the upload is followed by; undefined where it was not from its first part on. */
  function rollOf({ id, partCount }: FollowedUpload): Roll | undefined {
    const known = rolls.get(id)
    if (known || partCount > 0) return known?.result ? undefined : known
    const [oldest] = rolls.keys()
    if (rolls.size >= MAX_FOLLOWED && oldest !== undefined) forget(oldest)
    const roll: Roll = {
      turns: [],
      hashed: [],
      controller: new AbortController(),
      digest: undefined,
      work: Promise.resolve(),
      isWorking: false,
      isReading: false,
      marked: undefined,
      meter: createIdleMeter(now),
      result: undefined,
    }
    rolls.set(id, roll)
    return roll
  }

  /** Hashes the parts whose turn has come. */
  async function hashSome(upload: string, roll: Roll): Promise<void> {
    const { turns, hashed, controller } = roll
    for (;;) {
      const [turn] = turns
      const state = turn?.state
      if (!turn || state === undefined || state === 'coming') return
      turns.shift()
      if (state === 'dropped') continue
      hashed.push(state.id)
      if (turn.feed === 'fed') continue
      roll.isReading = true
      roll.marked = undefined
      await inTurn(async () => {
        controller.signal.throwIfAborted()
        roll.digest ??= thread.open(['sha256'])
        await roll.digest.add(await read(upload, state, controller.signal))
      })
      roll.isReading = false
      advance(roll)
    }
  }

  function work(upload: string, roll: Roll): void {
    // A file of one part has the digest of that part.
    if (roll.isWorking || roll.hashed.length + roll.turns.length < 2) return
    roll.isWorking = true
    roll.work = hashSome(upload, roll).then(
      () => {
        roll.isWorking = false
      },
      () => {
        // Whatever it was: a completion reads the file again, and tells.
        forgetRoll(upload, roll)
      },
    )
  }

  /** The first part that is not hashed, nor on its way to that. */
  function isNext(roll: Roll, turn: Turn): boolean {
    if (roll.isReading || roll.result) return false
    return turn === roll.turns.find(({ feed, state }) => !isPassed(feed, state))
  }

  function goLive(roll: Roll, turn: Turn): void {
    turn.feed = 'live'
    roll.digest ??= thread.open(['sha256'])
    roll.digest.mark()
    roll.marked = turn
  }

  /** Lets the part go on whose turn has come. */
  function advance(roll: Roll): void {
    for (const turn of roll.turns) {
      if (turn.feed !== 'held' || !isNext(roll, turn)) continue
      goLive(roll, turn)
      turn.hold?.end()
    }
  }

  async function beginContent(roll: Roll, turn: Turn, oneThread: boolean): Promise<void> {
    if (turn.state !== 'coming' || turn.feed !== 'none') return
    if (isNext(roll, turn)) return goLive(roll, turn)
    turn.feed = 'late'
    const before = roll.turns.slice(0, roll.turns.indexOf(turn))
    // Behind one that is read again, which is the slow way, it is no use to wait.
    if (!oneThread || before.some(({ feed }) => feed === 'late')) return
    turn.feed = 'held'
    turn.hold = holdPart(roll.meter, now)
    await turn.hold.over
    turn.hold = undefined
    if (turn.feed === 'held') turn.feed = 'late'
  }

  async function passContent(
    upload: string,
    { roll, turn }: { readonly roll: Roll; readonly turn: Turn },
    content: Uint8Array,
    store: () => Promise<void>,
  ): Promise<void> {
    const share = async () => {
      if (turn.feed !== 'live' || !isShared(content)) return
      // Whatever it was: a completion reads the file again, and tells.
      await roll.digest?.share(content).catch(() => forgetRoll(upload, roll))
    }
    const [, stored] = await roll.meter.during(() =>
      Promise.allSettled([share(), store()]),
    )
    if (stored.status === 'rejected') throw stored.reason
  }

  /** A part came to nothing: the digest must not know of it. */
  function withdraw(upload: string, roll: Roll, turn: Turn): void {
    const { feed } = turn
    turn.feed = 'none'
    turn.hold?.end()
    if (feed === 'live' || feed === 'fed') {
      if (roll.marked === turn) roll.digest?.undo()
      else forgetRoll(upload, roll)
    }
    advance(roll)
  }

  function forgetRoll(upload: string, roll: Roll): void {
    if (rolls.get(upload) === roll) forget(upload)
  }

  async function finish(upload: string, roll: Roll): Promise<string | undefined> {
    await roll.work
    work(upload, roll)
    await roll.work
    if (rolls.get(upload) !== roll || !roll.digest) return undefined
    try {
      return (await roll.digest.end()).sha256
    } catch {
      return undefined
    }
  }

  return {
    begin(upload, { declaredBytes = 0, signal } = {}) {
      const { id, bytes = Number.POSITIVE_INFINITY } = upload
      const roll = rollOf(upload)
      // A file of one part has the digest of that part.
      const turn: Turn = {
        state: 'coming',
        feed: declaredBytes < bytes ? 'none' : 'late',
        hold: undefined,
      }
      roll?.turns.push(turn)
      const settle = (state: 'dropped' | Extent) => {
        if (!roll || turn.state !== 'coming') return
        turn.state = state
        if (state === 'dropped') withdraw(id, roll, turn)
        work(id, roll)
      }
      // Who waits here keeps its upload from being discarded.
      signal?.addEventListener('abort', () => turn.hold?.end(), { once: true })
      return {
        follower: {
          async begin({ oneThread }) {
            if (roll && !signal?.aborted) await beginContent(roll, turn, oneThread)
          },
          async pass(content, store) {
            if (roll) await passContent(id, { roll, turn }, content, store)
            else await store()
          },
          end() {
            if (!roll || turn.feed !== 'live') return
            turn.feed = 'fed'
            advance(roll)
          },
        },
        added: settle,
        dropped: () => settle('dropped'),
      }
    },

    async take(upload, parts) {
      const roll = rolls.get(upload)
      if (!roll) return undefined
      const asked = parts.join()
      if (!roll.result) {
        // Who completes does not wait for what is still coming.
        for (const turn of roll.turns) {
          if (turn.state !== 'coming') continue
          turn.state = 'dropped'
          withdraw(upload, roll, turn)
        }
        if (rolls.get(upload) !== roll) return undefined
        const queued = roll.turns.flatMap(({ state }) =>
          typeof state === 'string' ? [] : [state.id],
        )
        const followed = [...roll.hashed, ...queued].join()
        if (followed !== asked) {
          forget(upload)
          return undefined
        }
        roll.result = { parts: asked, sha256: finish(upload, roll) }
      }
      return roll.result.parts === asked ? await roll.result.sha256 : undefined
    },

    forget,
  }
}

function isPassed(feed: Turn['feed'], state: Turn['state']): boolean {
  return feed === 'fed' || state === 'dropped'
}

function isShared(content: Uint8Array): content is Uint8Array<SharedArrayBuffer> {
  return content.buffer instanceof SharedArrayBuffer
}
