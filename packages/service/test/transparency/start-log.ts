import { join } from 'node:path'
import { createTileReader, type EventLog } from '@custody/event-log'
import type { Test } from 'tap'
import { createIds } from '../../src/ids.ts'
import { type LogSigner, openLogSigner } from '../../src/transparency/open-log-signer.ts'
import type { SigningStore } from '../../src/transparency/signing-store.ts'
import { openLog } from '../support/open-log.ts'

export const ids = createIds(Date.now)

/** A signing store whose files are texts in memory. */
export type TextStore = SigningStore & {
  key: string | undefined
  checkpoint: string | undefined
  verifierKeys: string | undefined
  /** Set: the next write of a checkpoint fails. */
  failure: Error | undefined
}

export function textStore(texts: Partial<TextStore> = {}): TextStore {
  const store: TextStore = {
    key: undefined,
    checkpoint: undefined,
    verifierKeys: undefined,
    failure: undefined,
    ...texts,
    keyPath: 'the key file',
    checkpointPath: 'the checkpoint file',
    readKey: () => store.key,
    writeKey(text) {
      store.key = text
    },
    readVerifierKeys: () => store.verifierKeys,
    writeVerifierKeys(text) {
      store.verifierKeys = text
    },
    readCheckpoint: () => store.checkpoint,
    async writeCheckpoint(note) {
      const { failure } = store
      store.failure = undefined
      if (failure) throw failure
      store.checkpoint = note
    },
  }
  return store
}

/** A log of its own, or the one of a file. */
export async function startLog(
  t: Test,
  path: string = join(t.testdir({}), 'custody.db'),
): Promise<EventLog & { readonly path: string }> {
  const nothing = () => {}
  const { log } = await openLog(t, { path, ids, onDefect: nothing, onLost: nothing })
  return Object.assign(log, { path })
}

/** Something happens. */
export async function grow(log: EventLog, events = 1): Promise<void> {
  for (let count = 0; count < events; count += 1) {
    await log.append({
      command: { type: 'RecordDestroyed', extents: [ids.uuid()] },
      project: 'system',
      actor: 'system',
      request: 'req_1',
      eventId: ids.uuid(),
    })
  }
}

export function openSigner(
  log: EventLog,
  store: SigningStore,
  acceptRollback = false,
): Promise<LogSigner> {
  const readTile = createTileReader(() => log.reader.sql)
  return openLogSigner({ log, store, ids, readTile, acceptRollback })
}
