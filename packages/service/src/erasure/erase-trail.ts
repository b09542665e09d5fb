import { CustodyError, type Erasure, isHeld, SYSTEM_PROJECT } from '@custody/domain'
import { readProjectEvents, type StoredEvent } from '@custody/event-log'
import {
  findApiKey,
  findFile,
  findKeysOfAccount,
  findPrivateGroups,
  findProject,
  findServiceAccount,
  findUpload,
  findWebhook,
} from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { Eraser } from './eraser.ts'
import type { Erasures, TrailView } from './erasures.ts'

const PAGE = 1_000

/** Ids that one answer has, of each kind. */
const MAX_IDS = 1_000

/** Events of a key whose private data says what a person said. */
const TYPES = [
  'FileUploaded',
  'FileHeld',
  'UploadCreated',
  'WebhookCreated',
  'WebhookUpdated',
]

/** Erases what one key has said. See docs/decisions/0021-the-trail-of-a-key.md for what belongs to it. */
export function createTrailErasure(
  { log, clock }: Pick<ServiceEnvironment, 'log' | 'clock'>,
  appender: Pick<Appender, 'append'>,
  eraser: Pick<Eraser, 'destroyParts' | 'settle'>,
): Erasures['eraseTrail'] {
  return async (project, keyId, { dryRun }, { actor, requestId }) => {
    const { sql } = log.reader
    if (project === SYSTEM_PROJECT || !(await findProject(sql, project))) {
      throw new CustodyError('project_not_found', `No such Project object: ${project}`, {
        param: 'id',
      })
    }
    const key = await findApiKey(sql, keyId)
    if (key?.project !== project) {
      throw new CustodyError('api_key_not_found', `No such API Key object: ${keyId}`, {
        param: 'id',
      })
    }
    const asking = { project, actor, requestId }
    const revoked = key.revokedAt === null
    // First of all: it must not leave more of its trail meanwhile.
    if (revoked && !dryRun) {
      await appender.append(
        { type: 'RevokeApiKey', id: key.id, reason: 'request' },
        asking,
      )
    }

    const erased = new Set<string>()
    const held = new Set<string>()
    const uploads = new Set<string>()
    const webhooks = new Set<string>()
    const done = { file: erased, upload: uploads, webhook: webhooks }
    /** An upload that is pending would say again what it was told, when it is completed. */
    const cancel = async (upload: string) => {
      if (dryRun) return
      try {
        await appender.append({ type: 'CancelUpload', upload, idAsSent: upload }, asking)
      } catch (error) {
        // It ended meanwhile, or its time has passed.
        if (!isRefusal(error, 'upload_not_pending')) throw error
      }
    }
    for await (const [stream, { kind, groups }] of told(
      project,
      `key:${keyId}`,
      cancel,
    )) {
      if (kind === 'file' && (await isKept(stream))) {
        held.add(stream)
        continue
      }
      done[kind].add(stream)
      if (dryRun) continue
      try {
        await appender.append(
          { type: 'ErasePrivate', stream, groups: await allOf(stream, kind, groups) },
          asking,
        )
      } catch (error) {
        if (!isRefusal(error, 'file_held')) throw error
        done[kind].delete(stream)
        held.add(stream)
      }
    }

    const account = key.account === null ? null : await nameless(key.account, key.id)
    if (!dryRun) {
      for (const { id } of [key, ...(account ? [account] : [])]) {
        // Every name that it has had
        const groups = (await findPrivateGroups(log.reader.sql, id)).filter(
          ({ group }) => group === 'personal',
        )
        await appender.append({ type: 'ErasePrivate', stream: id, groups }, asking)
      }
      await eraser.settle()
    }
    return {
      key: key.id,
      dryRun,
      revoked,
      account: account?.id ?? null,
      files: erased.size,
      held: held.size,
      uploads: uploads.size,
      webhooks: webhooks.size,
      fileIds: [...erased].slice(0, MAX_IDS),
      heldIds: [...held].slice(0, MAX_IDS),
    } satisfies TrailView
  }

  /**
   * What goes with what a key has said of a thing. Nobody can ask for the erasure of an upload that came to no file, and
   * its parts are nobody else's: their bytes go at once, and all digests.
   */
  async function allOf(
    stream: string,
    kind: Subject['kind'],
    said: readonly Erasure[],
  ): Promise<readonly Erasure[]> {
    if (kind !== 'upload') return said
    await eraser.destroyParts(stream)
    return await findPrivateGroups(log.reader.sql, stream)
  }

  /** The account, where this is the last of its keys that is good. */
  async function nameless(accountId: string, keyId: string) {
    const { sql } = log.reader
    const others = (await findKeysOfAccount(sql, accountId)).filter(
      ({ id }) => id !== keyId,
    )
    return others.length === 0 ? await findServiceAccount(sql, accountId) : null
  }

  async function isKept(file: string): Promise<boolean> {
    const state = await findFile(log.reader.sql, file)
    return state !== null && !state.ended && isHeld(state, clock() * 1000)
  }

  /** Each file, upload in parts and deleted webhook of which the actor said something that is there still. */
  async function* told(
    project: string,
    actor: string,
    cancel: (upload: string) => Promise<void>,
  ): AsyncGenerator<readonly [string, Told]> {
    for (let after = 0; ; ) {
      const page = await readProjectEvents(log.reader.sql, {
        project,
        after,
        order: 'asc',
        types: TYPES,
        limit: PAGE,
      })
      const byStream = new Map<string, Told>()
      for (const event of page) {
        if (event.record.actor !== actor || !event.private.personal) continue
        const subject = await subjectOf(event, cancel)
        if (!subject) continue
        const { stream, kind } = subject
        const group = { position: event.record.position, group: 'personal' }
        const { groups = [] } = byStream.get(stream) ?? {}
        byStream.set(stream, { kind, groups: [...groups, group] })
      }
      yield* byStream
      after = page.at(-1)?.record.seq ?? after
      if (page.length < PAGE) return
    }
  }

  /**
   * What an event is about: of an upload in parts, the file that it came to, or itself where it came to none. None where
   * that is a webhook which is there still.
   */
  async function subjectOf(
    { record: { stream, type } }: StoredEvent,
    cancel: (upload: string) => Promise<void>,
  ): Promise<Subject | undefined> {
    const { sql } = log.reader
    if (type.startsWith('Webhook')) {
      const isDeleted = (await findWebhook(sql, stream))?.deletedAt != null
      return isDeleted ? { stream, kind: 'webhook' } : undefined
    }
    if (type !== 'UploadCreated') return { stream, kind: 'file' }
    if (!(await findUpload(sql, stream))?.ended) await cancel(stream)
    const ended = (await findUpload(sql, stream))?.ended
    return ended?.status === 'completed'
      ? { stream: ended.file, kind: 'file' }
      : { stream, kind: 'upload' }
  }
}

type Subject = {
  readonly stream: string
  /** `upload`: one in parts that came to no file. */
  readonly kind: 'file' | 'upload' | 'webhook'
}

type Told = Pick<Subject, 'kind'> & { readonly groups: readonly Erasure[] }

const isRefusal = (error: unknown, key: string) =>
  error instanceof CustodyError && error.key === key
