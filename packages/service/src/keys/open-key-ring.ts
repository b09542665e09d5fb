import { CustodyError, SYSTEM_PROJECT } from '@custody/domain'
import type { EventLog } from '@custody/event-log'
import { listMasterKeys, type MasterKeyRow } from '@custody/file-index'
import type { Ids } from '../ids.ts'
import type { RecordMasterKeys } from '../log/stored-command.ts'
import { createKeyRing, type KeyRing, type MasterKey } from './key-ring.ts'
import type { MasterKeyStore } from './master-key-store.ts'

export type OpenKeyRingOptions = {
  readonly log: Pick<EventLog, 'append' | 'reader'>
  readonly ids: Ids
  /** Whether content is to be sealed from now on. */
  readonly seals: boolean
  readonly store: MasterKeyStore
}

/**
 * The master keys of a deployment, compared with what its database knows of them. A key is made only where the database
 * knows none: one that was lost is not replaced, for what it sealed would be lost with it.
 *
 * Undefined where nothing is to be sealed, and nothing was.
 *
 * @throws CustodyError `master_key_missing`
 */
export async function openKeyRing(
  options: OpenKeyRingOptions,
): Promise<KeyRing | undefined> {
  const { log, ids, store } = options
  const { source, load, make } = store
  const known = await listMasterKeys(log.reader.sql)
  const needed = known.filter(({ state }) => state !== 'retired')
  if (!options.seals && needed.length === 0) return undefined
  let keys = load()
  for (const row of needed) requireKey(row, keys, source)
  if (keys.length === 0 && make) keys = [make()]
  const [current, ...others] = keys
  if (!current) {
    throw new CustodyError(
      'master_key_missing',
      `There is no master key in ${source}: 32 bytes in base64.`,
    )
  }
  const active = needed.find(({ state }) => state === 'active')
  if (!active) await record(log, ids, current)
  // The one that the database knows, wherever it stands among others.
  const wrapping = keys.find(({ id }) => id === active?.id) ?? current
  const retired = new Set(known.filter(({ state }) => state === 'retired').map(idOf))
  const rest = [current, ...others].filter(
    ({ id }) => id !== wrapping.id && !retired.has(id),
  )
  return createKeyRing([wrapping, ...rest], ids.random)
}

const idOf = ({ id }: { readonly id: string }) => id

function requireKey(
  { id, fingerprint }: MasterKeyRow,
  keys: readonly MasterKey[],
  source: string,
): void {
  if (keys.some((key) => key.fingerprint === fingerprint)) return
  const what =
    keys.length === 0
      ? `The master key is not there: ${source} has none`
      : `The master key is another one: ${source} has ${keys.map((key) => key.id).join(', ')}`
  throw new CustodyError(
    'master_key_missing',
    `${what}, and content of this deployment is sealed under ${id}. ` +
      'Put that key back (a backup of the secrets has it); nothing was changed, and no other key opens the content.',
  )
}

async function record(
  log: Pick<EventLog, 'append'>,
  ids: Ids,
  { id, fingerprint }: MasterKey,
): Promise<void> {
  const command: RecordMasterKeys = {
    type: 'RecordMasterKeys',
    keys: [{ id, fingerprint, state: 'active' }],
  }
  await log.append({
    command,
    project: SYSTEM_PROJECT,
    actor: 'system',
    request: ids.prefixed('req_'),
    eventId: ids.uuid(),
  })
}
