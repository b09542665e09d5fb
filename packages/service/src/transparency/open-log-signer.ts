import {
  CustodyError,
  type OldLog,
  quote,
  type RestoreReason,
  SYSTEM_PROJECT,
} from '@custody/domain'
import { type EventLog, lastCheckpoint } from '@custody/event-log'
import {
  formatOrigin,
  formatSignerKey,
  formatVerifierKey,
  MalformedError,
  makeSignerKey,
  parseOrigin,
  parseSignerKey,
  type ReadTile,
  type SignerKey,
} from '@custody/transparency'
import type { Ids } from '../ids.ts'
import type { StoredCommand } from '../log/stored-command.ts'
import { findRollback, type KeptCheckpoint, readKept } from './kept-checkpoints.ts'
import { type LogIdentity, readLogIdentity } from './log-identity.ts'
import type { SigningStore } from './signing-store.ts'

/** The key with which the log signs, and what it has signed. */
export type LogSigner = {
  readonly signer: SignerKey
  readonly epoch: number
  /** Of this epoch. */
  readonly last: KeptCheckpoint | undefined
  /** The epoch begins with this start, since the log does not continue what was signed. */
  readonly restored: boolean
}

export type OpenLogSigner = {
  readonly log: EventLog
  readonly readTile: ReadTile
  readonly store: SigningStore
  readonly ids: Ids
  /** Where the log does not continue what was signed, a new epoch begins; otherwise that is an error. */
  readonly acceptRollback: boolean
  /** A new epoch begins whatever is found, since the log is not where it was. */
  readonly newEpoch?: NewEpoch
}

/** Why a log that was moved begins a new epoch. */
export type NewEpoch = {
  readonly reason: Exclude<RestoreReason, 'rollback'>
  /** The log as it was; its epoch is over. What is known by its own checkpoints counts where it is of more events. */
  readonly old: OldLog | null
}

/**
 * Opens the key of the log; a log that has none yet gets its first. Nothing is signed that would contradict what was
 * signed before: a log that does not extend its last checkpoint is refused.
 *
 * @throws CustodyError `log_rolled_back` with sizes, roots and what to do
 */
export async function openLogSigner(options: OpenLogSigner): Promise<LogSigner> {
  const { log, store, readTile, acceptRollback, newEpoch } = options
  const identity = await readLogIdentity(log.reader)
  const { position: size } = await log.reader.head()
  const found = await readKept(log.reader, store)
  let { problem } = found
  for (const kept of found.kept) {
    problem ??= await findRollback(identity, kept, { size, readTile })
  }
  const key = readKey(store)
  problem ??= keyProblem(identity, key, store.keyPath)
  if (problem === undefined && !newEpoch) {
    const signer = key instanceof Error ? undefined : key
    if (!signer || identity.epoch === 0)
      return await beginFirst(options, identity, signer)
    writeVerifierKeys(store, identity.vkeys)
    const { epoch } = identity
    const last = latest(found.kept.filter((one) => one.epoch === epoch))
    if (last) await keepInBoth(options, last)
    return { signer, epoch, last, restored: false }
  }
  if (problem !== undefined && !newEpoch && !acceptRollback) throw rolledBack(problem)
  return await beginNext(options, identity, found.kept, key)
}

/** @throws CustodyError before there is a database: what was signed of the one that is missing would be forgotten. */
export function refuseLostDatabase(store: SigningStore, database: string): void {
  if (store.readCheckpoint() === undefined) return
  throw rolledBack(
    `There is no database at ${quote(database)}, but ${store.checkpointPath} keeps what its log has signed.`,
  )
}

function rolledBack(problem: string): CustodyError {
  return new CustodyError(
    'log_rolled_back',
    `${problem} Restore what belongs together, from the newest backup. Where the loss is to be accepted: ` +
      '`custody serve --accept-rollback` begins a new epoch with a new key, and an event of the log says so.',
  )
}

async function beginFirst(
  options: OpenLogSigner,
  { logId }: LogIdentity,
  found: SignerKey | undefined,
): Promise<LogSigner> {
  // A key that is there already is one of a start that was cut short.
  const signer = found ?? makeKey(options, formatOrigin({ logId, epoch: 1 }))
  await begin(options, { epoch: 1, signer, retired: [], restored: null })
  return { signer, epoch: 1, last: undefined, restored: false }
}

async function beginNext(
  options: OpenLogSigner,
  { logId, epoch, vkeys }: LogIdentity,
  kept: readonly KeptCheckpoint[],
  key: SignerKey | Error | undefined,
): Promise<LogSigner> {
  const { reason, old: given } = options.newEpoch ?? { reason: 'rollback', old: null }
  const signed = [
    ...kept,
    ...originOf(key),
    ...(given ? [parseOrigin(given.origin)] : []),
  ]
    // One of another log says nothing of the epochs of this one.
    .filter((one) => one.logId === logId)
  const next = 1 + Math.max(epoch, ...signed.map((one) => one.epoch))
  const signer = makeKey(options, formatOrigin({ logId, epoch: next }))
  const last = latest(kept)
  const found: OldLog | null = last
    ? { origin: last.origin, size: last.size, root: last.root.toString('base64') }
    : null
  const old = given && given.size >= (found?.size ?? 0) ? given : found
  await begin(options, {
    epoch: next,
    signer,
    retired: vkeys.slice(0, 1),
    restored: { reason, old },
  })
  return { signer, epoch: next, last: undefined, restored: true }
}

/** A start that was cut short, or a hand, may have left it in one place only. */
async function keepInBoth(
  { log, store }: OpenLogSigner,
  { epoch, size, root, note }: KeptCheckpoint,
): Promise<void> {
  const row = await lastCheckpoint(log.reader.sql)
  if (row?.note !== note) await log.keepCheckpoint({ epoch, size, root, note })
  if (store.readCheckpoint() !== note) await store.writeCheckpoint(note)
}

function makeKey({ store, ids }: OpenLogSigner, origin: string): SignerKey {
  const signer = makeSignerKey(origin, ids.random(32))
  // Before the log names it: a log must not name a key that nobody has.
  store.writeKey(formatSignerKey(signer))
  return signer
}

async function begin(
  { log, store, ids }: OpenLogSigner,
  {
    signer,
    ...epoch
  }: { readonly signer: SignerKey } & Pick<
    Extract<StoredCommand, { type: 'BeginLogEpoch' }>,
    'epoch' | 'retired' | 'restored'
  >,
): Promise<void> {
  const vkey = formatVerifierKey(signer.verifier)
  await log.append<StoredCommand>({
    command: { type: 'BeginLogEpoch', algorithm: 'ed25519', vkey, ...epoch },
    project: SYSTEM_PROJECT,
    actor: 'system',
    request: ids.prefixed('req_'),
    eventId: ids.uuid(),
  })
  writeVerifierKeys(store, [vkey])
}

/** Adds keys at the top; those of earlier epochs stay, so that what they signed can still be verified. */
function writeVerifierKeys(store: SigningStore, vkeys: readonly string[]): void {
  const former = store.readVerifierKeys() ?? ''
  const lines = former.split('\n').filter((line) => line !== '' && !vkeys.includes(line))
  const text = `${[...vkeys, ...lines].join('\n')}\n`
  if (text !== former) store.writeVerifierKeys(text)
}

function readKey(store: SigningStore): SignerKey | Error | undefined {
  const text = store.readKey()
  if (text === undefined) return undefined
  try {
    return parseSignerKey(text)
  } catch (error) {
    if (error instanceof MalformedError) return error
    throw error
  }
}

function keyProblem(
  { logId, epoch, vkeys: [vkey] }: LogIdentity,
  key: SignerKey | Error | undefined,
  path: string,
): string | undefined {
  if (key instanceof Error) return `${path} is no signing key: ${key.message}.`
  if (epoch === 0) {
    const origin = formatOrigin({ logId, epoch: 1 })
    if (!key || key.verifier.name === origin) return undefined
    return `${path} is the signing key of ${quote(key.verifier.name)}, and this log is ${quote(origin)}.`
  }
  if (!key) return `The key of the log, ${vkey}, is not at ${path}.`
  const found = formatVerifierKey(key.verifier)
  return found === vkey
    ? undefined
    : `${path} is the key of ${found}, and the log's is ${vkey}.`
}

function originOf(key: SignerKey | Error | undefined) {
  try {
    return key && !(key instanceof Error) ? [parseOrigin(key.verifier.name)] : []
  } catch (error) {
    if (error instanceof MalformedError) return []
    throw error
  }
}

function latest(kept: readonly KeptCheckpoint[]): KeptCheckpoint | undefined {
  return kept.toSorted((a, b) => b.epoch - a.epoch || b.size - a.size)[0]
}
