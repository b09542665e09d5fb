import type { BlobStore, StoredExtent } from './blob-store.ts'

const HOUR_MS = 3_600_000
const BATCH = 1_000

/** As many orphans are removed without force, however few objects there are. */
const ALWAYS_REMOVABLE = 20

export type SweepOptions = {
  readonly store: Pick<BlobStore, 'list' | 'existing' | 'delete'>
  /** Those of `extentIds` (at most 1,000) that an event promises and none has destroyed. */
  readonly isReferenced: (extentIds: readonly string[]) => Promise<ReadonlySet<string>>
  /** Those of them that must be in the store: the others wait to be destroyed, and may be gone already. */
  readonly isNeeded: (extentIds: readonly string[]) => Promise<ReadonlySet<string>>
  /** Every extent id that an event promises to be in the store: not the inline ones. */
  readonly referenced: () => AsyncIterable<string>
  /** The time, in Unix milliseconds. */
  readonly now: number
  /** Younger objects are left alone: their event may be on its way. Default 24 hours. */
  readonly minAgeMs?: number
  /** Find, and remove nothing. Default false. */
  readonly dryRun?: boolean
  /** Remove more than the larger of 1 % of all objects and 20. Default false. */
  readonly force?: boolean
  readonly signal?: AbortSignal
}

/** What a sweep has found, and what it did. */
export type SweepResult = {
  /**
   * `removed`: all orphans are gone (there may have been none) · `dry_run`: nothing was touched ·
   * `too_many`: there are more orphans than `allowed`, so nothing was touched.
   */
  readonly outcome: 'removed' | 'dry_run' | 'too_many'
  /** Objects in the store. */
  readonly objects: number
  /** Objects without an event, old enough to be removed. */
  readonly orphans: readonly StoredExtent[]
  /** Objects without an event that are too young to judge. */
  readonly young: number
  /** How many orphans may be removed without force. */
  readonly allowed: number
  readonly removed: readonly string[]
  /** Extents that must be in the store, and are not. */
  readonly missing: readonly string[]
}

/**
 * Finds both kinds of orphan: an object that no event promises, which is removed, and an event whose
 * object is not there, which is reported. Reads in batches; only what it finds is kept in memory.
 */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const { objects, orphans, young } = await findOrphans(options)
  const missing = await findMissing(options)
  const allowed = Math.max(Math.floor(objects / 100), ALWAYS_REMOVABLE)
  const found = { objects, orphans, young, allowed, missing }
  if (options.dryRun) return { outcome: 'dry_run', ...found, removed: [] }
  if (orphans.length > allowed && !options.force) {
    return { outcome: 'too_many', ...found, removed: [] }
  }
  return { outcome: 'removed', ...found, removed: await removeOrphans(options, orphans) }
}

async function findOrphans({ store, isReferenced, now, minAgeMs, signal }: SweepOptions) {
  const orphans: StoredExtent[] = []
  let objects = 0
  let young = 0
  for await (const batch of batches(store.list(signalOption(signal)))) {
    signal?.throwIfAborted()
    objects += batch.length
    const referenced = await isReferenced(batch.map(({ extentId }) => extentId))
    for (const extent of batch) {
      if (referenced.has(extent.extentId)) continue
      if (now - bornAt(extent) < (minAgeMs ?? 24 * HOUR_MS)) young += 1
      else orphans.push(extent)
    }
  }
  return { objects, orphans, young }
}

async function findMissing({ store, isNeeded, referenced, signal }: SweepOptions) {
  const missing: string[] = []
  for await (const batch of batches(referenced())) {
    signal?.throwIfAborted()
    const stored = await store.existing(batch, signalOption(signal))
    const absent = batch.filter((extentId) => !stored.has(extentId))
    if (absent.length === 0) continue
    // A delete may have passed between the two questions, or be half-way.
    const still = await isNeeded(absent)
    missing.push(...absent.filter((extentId) => still.has(extentId)))
  }
  return missing
}

async function removeOrphans(
  { store, isReferenced, signal }: SweepOptions,
  orphans: readonly StoredExtent[],
) {
  const removed: string[] = []
  for (let from = 0; from < orphans.length; from += BATCH) {
    signal?.throwIfAborted()
    const batch = orphans.slice(from, from + BATCH).map(({ extentId }) => extentId)
    // Once more, right before what cannot be undone.
    const referenced = await isReferenced(batch)
    const { deleted } = await store.delete(
      batch.filter((extentId) => !referenced.has(extentId)),
      signalOption(signal),
    )
    removed.push(...deleted)
  }
  return removed
}

/** The later of the time in the id, where it is a UUIDv7, and the object's own, which a restore makes young. */
function bornAt({ extentId, modifiedAt }: StoredExtent): number {
  if (extentId[14] !== '7') return modifiedAt
  const fromId = Number.parseInt(extentId.slice(0, 8) + extentId.slice(9, 13), 16)
  return Math.max(fromId, modifiedAt)
}

async function* batches<T>(source: AsyncIterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const item of source) {
    batch.push(item)
    if (batch.length === BATCH) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

function signalOption(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
