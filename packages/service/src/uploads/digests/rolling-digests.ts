import type { Extent, Upload } from '@custody/domain'
import type { DigestSource, DigestThread, OpenDigest } from './digest-thread.ts'

/** Uploads that are followed at once; the digest of another is made when it is completed. */
const MAX_FOLLOWED = 64

/** Parts that are read at once, of all uploads: one thread hashes them, and each takes memory on its way there. */
const AT_ONCE = 2

/**
 * SHA-256 of files whose parts are still coming: rolled over the parts in the order in which they began to come, which
 * is that of the file for most clients. In memory only: where it does not fit, the file is read again.
 */
export interface RollingDigests {
  /** A part begins to come. */
  begin(upload: Pick<Upload, 'id' | 'partCount'>): PartTurn
  /** Of a file of just these parts; undefined where they were not followed in this order. */
  take(upload: string, parts: readonly string[]): Promise<string | undefined>
  /** The upload has ended. */
  forget(upload: string): void
}

/** The place of one part among those of its upload. One of the two is called, in the end. */
export interface PartTurn {
  /** It is durable now. */
  added(extent: Extent): void
  /** It came to nothing. After `added` it means nothing. */
  dropped(): void
}

type Turn = { state: 'coming' | 'dropped' | Extent }

type Roll = {
  /** Those that are not hashed yet, in the order in which they began. */
  readonly turns: Turn[]
  /** Parts that are hashed, or about to be. */
  readonly hashed: string[]
  readonly controller: AbortController
  digest: OpenDigest | undefined
  work: Promise<void>
  isWorking: boolean
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
  }

  /** What the upload is followed by; undefined where it was not from its first part on. */
  function rollOf({ id, partCount }: Pick<Upload, 'id' | 'partCount'>): Roll | undefined {
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
      result: undefined,
    }
    rolls.set(id, roll)
    return roll
  }

  /** Hashes the parts whose turn has come. */
  async function hashSome(upload: string, roll: Roll): Promise<void> {
    const { turns, hashed, controller } = roll
    for (;;) {
      const state = turns[0]?.state
      if (state === undefined || state === 'coming') return
      turns.shift()
      if (state === 'dropped') continue
      hashed.push(state.id)
      await inTurn(async () => {
        controller.signal.throwIfAborted()
        roll.digest ??= thread.open(['sha256'])
        await roll.digest.add(await read(upload, state, controller.signal))
      })
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
        if (rolls.get(upload) === roll) forget(upload)
      },
    )
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
    begin(upload) {
      const roll = rollOf(upload)
      const turn: Turn = { state: 'coming' }
      roll?.turns.push(turn)
      const settle = (state: 'dropped' | Extent) => {
        if (!roll || turn.state !== 'coming') return
        turn.state = state
        work(upload.id, roll)
      }
      return { added: settle, dropped: () => settle('dropped') }
    },

    async take(upload, parts) {
      const roll = rolls.get(upload)
      if (!roll) return undefined
      const asked = parts.join()
      if (!roll.result) {
        // Who completes does not wait for what is still coming.
        for (const turn of roll.turns) if (turn.state === 'coming') turn.state = 'dropped'
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
