import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { CustodyError, SYSTEM_PROJECT } from '@custody/domain'
import type { PurgeObstacle } from '@custody/event-log'
import { listMasterKeys, listWrappedKeys, type MasterKeyRow } from '@custody/file-index'
import type { Appender, Asking } from '../appender.ts'
import type { GarbageTurn } from '../background/garbage-collector.ts'
import type { StoredCommand } from '../log/stored-command.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { KeyRing, MasterKey } from './key-ring.ts'
import type { MasterKeyStore } from './master-key-store.ts'

/** Keys that are wrapped anew in one go: some milliseconds of this thread, and of the log's. */
const PAGE = 200

/** How often a purge is tried, and how long each time, in milliseconds. */
const PURGES = 10
const PATIENCE_MS = 1_000

/** How often the lease of the backups is asked for, and how long a rotation waits for it to begin, in milliseconds. */
const TURN_EVERY_MS = 50
const TURN_PATIENCE_MS = 3_000

/** How the last rotation of this process went, or goes. */
export type RotationView = {
  /** `none`: there was none in this process. */
  readonly state: 'none' | 'running' | 'done' | 'failed'
  /** Ids of master keys; null before it is known. */
  readonly from: string | null
  readonly to: string | null
  /** It had been begun before, and was interrupted. */
  readonly resumed: boolean
  /** Keys of content that were wrapped anew. */
  readonly rewrapped: number
  /** Why it failed. */
  readonly error: string | null
  /** What holds remnants of rows that were overwritten; null: there are none. */
  readonly remnants: PurgeObstacle | null
  /** The former key is configured, so it has to be taken out of this setting by hand; null: it was removed. */
  readonly configured: string | null
}

/**
 * Puts every key of content under another master key, while everything else goes on. It can be interrupted at any point
 * and goes on from there: what it has done is in the database.
 */
export interface MasterKeyRotation {
  /**
   * Begins a rotation, or goes on with one that was interrupted, and resolves when that is under way. While one runs it
   * just tells of it.
   *
   * @throws CustodyError `master_key_missing` where nothing is sealed; `invalid_configuration` where the keys are
   * configured, and there is no further one to rotate to; `data_folder_in_use` while a backup is made;
   * `data_folder_unusable` where the key cannot be written
   */
  begin(asking: Omit<Asking, 'project'>): Promise<RotationView>
  view(): RotationView
  /** Goes on with what was interrupted, and ends what is left of it. Resolves when that is under way. */
  resume(): Promise<void>
  /** Interrupts it, if one runs. */
  stop(): Promise<void>
}

const none: RotationView = {
  state: 'none',
  from: null,
  to: null,
  resumed: false,
  rewrapped: 0,
  error: null,
  remnants: null,
  configured: null,
}

export function createMasterKeyRotation(
  {
    log,
    logger,
    ids,
    keys: ring,
  }: Pick<ServiceEnvironment, 'log' | 'logger' | 'ids' | 'keys'>,
  appender: Pick<Appender, 'append'>,
  {
    store,
    takeTurn,
  }: {
    readonly store: MasterKeyStore | undefined
    /** Undefined: a backup copies keys and database, one after the other, so the keys that there are must stay. */
    readonly takeTurn: () => GarbageTurn | undefined
  },
): MasterKeyRotation {
  const { sql } = log.reader
  const controller = new AbortController()
  let view = none
  let starting: Promise<RotationView> | undefined
  let running: Promise<void> | undefined

  /** Does what no backup may see half of. */
  async function inTurn(patienceMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = controller
    const end = performance.now() + patienceMs
    for (;;) {
      const turn = takeTurn()
      if (turn) {
        try {
          return await work()
        } finally {
          turn.release()
        }
      }
      if (performance.now() > end) {
        throw new CustodyError(
          'data_folder_in_use',
          'A backup is being made, which has to have the master keys as they are: rotate when it is done.',
        )
      }
      await delay(TURN_EVERY_MS, undefined, { signal })
    }
  }

  /** Says in what state keys are, so that whoever goes on knows. */
  async function record(rows: readonly MasterKeyRow[], asking: Asking): Promise<void> {
    await appender.append({ type: 'RecordMasterKeys', keys: rows }, asking)
  }

  /** The key that everything goes under: one that was about to before, one that is there, or a new one. */
  function nextKey(known: readonly MasterKeyRow[], store: MasterKeyStore): MasterKey {
    const keys = store.load()
    const standby = known.find(({ state }) => state === 'standby')
    const isNext = standby
      ? ({ id }: MasterKey) => id === standby.id
      : ({ id }: MasterKey) => known.every((row) => row.id !== id)
    const there = keys.find(isNext)
    if (there) return there
    if (standby) {
      throw new CustodyError(
        'master_key_missing',
        `A rotation to master key ${standby.id} was begun, and ${store.source} does not have it: put it back.`,
      )
    }
    if (store.make) return store.make()
    throw new CustodyError(
      'invalid_configuration',
      `${store.source} has no master key to rotate to, only ${keys.map(({ id }) => id).join(', ')}: put a new one before it, 32 bytes in base64, and keep the former one beside it.`,
    )
  }

  /** Has all new keys wrapped under the next one. Resolves to the former one, under which the others are. */
  async function change(
    known: readonly MasterKeyRow[],
    ring: KeyRing,
    store: MasterKeyStore,
    asking: Asking,
  ): Promise<void> {
    const active = known.find(({ state }) => state === 'active')
    if (!active) throw nothingSealed()
    const { id, fingerprint, key } = nextKey(known, store)
    // Known to the database before anything is wrapped under it: a start without it would lose that.
    await record([{ id, fingerprint, state: 'standby' }], asking)
    ring.use({ id, fingerprint, key })
    // What was wrapped under the former one by now is in the queue after this, before what says that no more comes.
    await nextTurn()
    await record(
      [
        { ...active, state: 'retiring' },
        { id, fingerprint, state: 'active' },
      ],
      asking,
    )
  }

  /** Looks at every key once. Resolves to how many it wrapped anew, and what cannot be opened. */
  async function pass(
    from: string,
    to: string,
    ring: KeyRing,
    asking: Asking,
  ): Promise<{ readonly rewrapped: number; readonly damaged: readonly string[] }> {
    const damaged: string[] = []
    let rewrapped = 0
    for (let after = ''; ; ) {
      controller.signal.throwIfAborted()
      const rows = await listWrappedKeys(sql, { after, limit: PAGE })
      const last = rows.at(-1)
      if (!last) return { rewrapped, damaged }
      after = last.extent
      const keys: { extent: string; wrapped: string }[] = []
      for (const row of rows) {
        if (row.kek !== from) continue
        const dataKey = openKey(ring, row)
        if (dataKey === undefined) {
          damaged.push(row.extent)
          continue
        }
        const { wrapped } = ring.wrap(dataKey, row.extent)
        dataKey.fill(0)
        keys.push({
          extent: row.extent,
          wrapped: Buffer.from(wrapped).toString('base64'),
        })
      }
      if (keys.length > 0) {
        await appender.append({ type: 'RewrapKeys', from, to, keys }, asking)
        rewrapped += keys.length
        view = { ...view, rewrapped: view.rewrapped + keys.length }
      }
      await nextTurn()
    }
  }

  /** Until nothing of the rows as they were is in the database file or its write-ahead log. */
  async function purge(): Promise<PurgeObstacle | null> {
    const { signal } = controller
    let obstacle: PurgeObstacle | undefined
    for (let attempt = 0; attempt < PURGES; attempt += 1) {
      obstacle = await log.purge({ patienceMs: PATIENCE_MS, signal })
      if (!obstacle) return null
      signal.throwIfAborted()
    }
    return obstacle ?? null
  }

  async function finish(
    former: MasterKeyRow,
    ring: KeyRing,
    store: MasterKeyStore,
    asking: Asking,
  ): Promise<void> {
    const [from, to] = [former.id, ring.current]
    for (;;) {
      const { rewrapped, damaged } = await pass(from, to, ring, asking)
      if (damaged.length > 0) throw cannotOpen(from, damaged)
      // Nothing was left: a key that comes is wrapped under the active one, the log sees to that.
      if (rewrapped === 0) break
    }
    const remnants = await purge()
    const retire: StoredCommand = { type: 'RetireMasterKey', from: former, to }
    await inTurn(Number.POSITIVE_INFINITY, async () => {
      await appender.append(retire, asking)
      ring.drop(from)
      store.remove?.(new Set([from]))
    })
    view = {
      ...view,
      state: 'done',
      remnants,
      configured: store.remove ? null : store.source,
    }
    logger.info({ from, to, rewrapped: view.rewrapped }, 'the master key was rotated')
  }

  async function start(asking: Asking, resumes: boolean): Promise<RotationView> {
    if (!ring || !store) throw nothingSealed()
    const isOpen = ({ state }: MasterKeyRow) =>
      state === 'retiring' || state === 'standby'
    let known = await listMasterKeys(sql)
    const resumed = known.some(isOpen)
    if (resumes && !resumed) return view
    if (!known.some(({ state }) => state === 'retiring')) {
      const before = known
      await inTurn(TURN_PATIENCE_MS, () => change(before, ring, store, asking))
      known = await listMasterKeys(sql)
    }
    const former = known.find(({ state }) => state === 'retiring')
    if (!former) throw new TypeError('A rotation was begun, and the database has none')
    view = {
      ...none,
      state: 'running',
      from: former.id,
      to: ring.current,
      resumed,
    }
    running = finish(former, ring, store, asking)
      .catch((error: unknown) => {
        if (controller.signal.aborted) return
        logger.error({ err: error }, 'a rotation of the master key was interrupted')
        const message = error instanceof CustodyError ? error.message : String(error)
        view = { ...view, state: 'failed', error: message }
      })
      .finally(() => {
        running = undefined
      })
    return view
  }

  /** One at a time, whoever asks. */
  function begin(asking: Asking, resumes: boolean): Promise<RotationView> {
    if (running) return Promise.resolve(view)
    starting ??= start(asking, resumes).finally(() => {
      starting = undefined
    })
    return starting
  }

  return {
    begin: (asking) => begin({ ...asking, project: SYSTEM_PROJECT }, false),
    view: () => view,

    async resume() {
      if (!ring || !store) return
      const known = await listMasterKeys(sql)
      const retired = new Set(
        known.filter(({ state }) => state === 'retired').map(({ id }) => id),
      )
      // A process that was killed had no time for it.
      store.remove?.(retired)
      const left = store.load().filter(({ id }) => retired.has(id))
      if (left.length > 0) {
        logger.warn(
          { keys: left.map(({ id }) => id) },
          `${store.source} has master keys that open nothing any more: take them out`,
        )
      }
      const requestId = ids.prefixed('req_')
      await begin({ project: SYSTEM_PROJECT, actor: 'system', requestId }, true)
    },

    async stop() {
      controller.abort()
      await starting?.catch(() => {})
      await running
    },
  }
}

function openKey(
  ring: KeyRing,
  row: { readonly extent: string; readonly kek: string; readonly wrapped: Uint8Array },
): Uint8Array | undefined {
  try {
    return ring.unwrap(row, row.extent)
  } catch (error) {
    if (error instanceof CustodyError && error.key === 'content_damaged') return undefined
    throw error
  }
}

function cannotOpen(from: string, extents: readonly string[]): CustodyError {
  const some = extents.slice(0, 10).join(', ')
  const more = extents.length > 10 ? ` and ${extents.length - 10} more` : ''
  return new CustodyError(
    'content_damaged',
    `${extents.length} ${extents.length === 1 ? 'key' : 'keys'} under ${from} cannot be opened, and what they sealed is lost: extents ${some}${more}. ` +
      'The others were wrapped anew; the former master key stays. Delete the files that have these extents, and rotate again.',
  )
}

function nothingSealed(): CustodyError {
  return new CustodyError(
    'master_key_missing',
    'There is no master key to rotate: nothing is sealed here.',
  )
}
