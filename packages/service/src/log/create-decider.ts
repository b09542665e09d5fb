import {
  type Decision,
  type DomainEvent,
  decideBeginLogEpoch,
  decideDelete,
  decideErase,
  decideErasePrivate,
  decideExpire,
  decideHold,
  decideMarkDamaged,
  decideMarkRepaired,
  decideRelease,
  decideUpload,
  events,
  quotaOf,
  type UploadState,
} from '@custody/domain'
import {
  type BatchDecider,
  type DecideContext,
  formatTime,
  type Sql,
} from '@custody/event-log'
import {
  type DirectoryBatch,
  type ExtentRow,
  type FilesBatch,
  findPrivateGroups,
  listMasterKeys,
  type MasterKeyRow,
  putExtents,
  putKeyUses,
  putMasterKeys,
  putWrappedKeys,
  removeExtents,
  removeInlineExtents,
  removeWrappedKeys,
  rewrapKeys,
  type UploadsBatch,
  type WebhooksBatch,
  type WrappedKeyRow,
} from '@custody/file-index'
import { decideDirectory } from './decide-directory.ts'
import { decideParts } from './decide-parts.ts'
import { decideWebhook } from './decide-webhook.ts'
import type { Place, StoredCommand, StoredUpload } from './stored-command.ts'

/** Decides the commands of one batch, and writes what stands beside the log. */
export function createDecider(
  sql: Sql,
  files: FilesBatch,
  directory: DirectoryBatch,
  webhooks: WebhooksBatch,
  uploads: UploadsBatch,
): BatchDecider {
  const extents: ExtentRow[] = []
  const keys: WrappedKeyRow[] = []
  const destroyed: string[] = []
  const erased: string[] = []
  let masters: MasterKeyRow[] | undefined

  /** What decisions about new bytes look at. `quotaBytes`: the dialect's quota. */
  async function uploadState(
    id: string,
    dialect: { readonly quotaBytes?: number },
  ): Promise<UploadState> {
    const project = await directory.project(id)
    if (!project) throw new TypeError(`An upload to project ${id}, which is not there`)
    const quota = quotaOf(project.limits, dialect)
    return {
      project: { archived: project.archivedAt !== null, limits: project.limits },
      usedBytes:
        quota === undefined
          ? 0
          : (await files.usedBytes(id)) + (await uploads.pendingBytes(id)),
    }
  }

  /**
   * A rotation looks at each key once, so none may be wrapped under the former master key after it has begun. What was
   * is in the queue before the command that says so.
   */
  async function requireWrapping(kek: string): Promise<void> {
    masters ??= await listMasterKeys(sql)
    const state = masters.find(({ id }) => id === kek)?.state
    if (state === 'active' || state === 'standby') return
    throw new TypeError(`A key is wrapped under ${kek}, which is ${state ?? 'unknown'}`)
  }

  async function keepExtent(
    id: string,
    place: Place,
    attachment: Uint8Array | undefined,
  ): Promise<void> {
    if (place.key) await requireWrapping(place.key.kek)
    extents.push({
      id,
      place: place.place,
      format: place.format,
      stored_bytes: place.storedBytes,
      content: place.place === 'inline' ? (attachment ?? null) : null,
    })
    if (place.key) {
      const { kek, wrapped } = place.key
      keys.push({ extent: id, kek, wrapped: Buffer.from(wrapped, 'base64') })
    }
  }

  async function upload(
    command: StoredUpload,
    context: DecideContext,
  ): Promise<Decision> {
    const state = await uploadState(context.project, command)
    const decision = decideUpload(state, command, context.now)
    if ('events' in decision) {
      for (const [index, extent] of command.extents.entries()) {
        const place = command.places[index]
        if (!place) throw new TypeError(`Extent ${extent.id} has no place`)
        await keepExtent(extent.id, place, context.attachments[index])
      }
    }
    return decision
  }

  async function decide(
    command: StoredCommand,
    context: DecideContext,
  ): Promise<Decision> {
    const { project, now } = context
    switch (command.type) {
      case 'UploadFile':
        return await upload(command, context)
      case 'DeleteFile':
        return decideDelete(await files.file(command.file), { ...command, project }, now)
      case 'ExpireFile':
        return decideExpire(await files.file(command.file), command, now)
      case 'HoldFile':
        return decideHold(await files.file(command.file), { ...command, project }, now)
      case 'ReleaseFile':
        return decideRelease(await files.file(command.file), { ...command, project }, now)
      case 'MarkDamaged':
        return decideMarkDamaged(await files.file(command.file), command)
      case 'MarkRepaired':
        return decideMarkRepaired(await files.file(command.file), command)
      case 'EraseFile': {
        const file = await files.file(command.file)
        const mine = file?.project === project ? file : null
        const found = mine ? await files.erasable(mine) : { groups: [], extents: [] }
        const decision = decideErase(mine, found, { ...command, project }, now)
        // Inline content goes with the decision; other content is unlinked after it, and stays known until then.
        if ('events' in decision) erased.push(...found.extents)
        return decision
      }
      case 'ErasePrivate': {
        const file = await files.file(command.stream)
        const groups = file
          ? (await files.erasable(file)).groups
          : await findPrivateGroups(sql, command.stream)
        return decideErasePrivate(file, groups, command, now)
      }
      case 'RecordReads':
        return events(
          ...command.reads.map((data) => ({
            type: 'FileContentRead' as const,
            stream: accessStream(project, now),
            after: 'latest' as const,
            data,
          })),
        )
      case 'CreateUpload':
      case 'AddPart':
      case 'CompleteUpload':
      case 'CancelUpload':
      case 'ExpireUpload':
        return await decideParts(uploads, { uploadState, keepExtent }, command, context)
      case 'RecordDestroyed':
        destroyed.push(...command.extents)
        return ofLog({ type: 'ContentDestroyed', data: { extents: command.extents } })
      case 'CreateLog':
        return events({
          type: 'LogCreated',
          stream: 'log',
          after: 0,
          data: { log_id: command.logId, format: 1, software: command.software },
        })
      case 'BeginLogEpoch':
        return decideBeginLogEpoch(command)
      case 'CreateProject':
      case 'UpdateProject':
      case 'ArchiveProject':
      case 'CreateServiceAccount':
      case 'UpdateServiceAccount':
      case 'DeleteServiceAccount':
      case 'CreateApiKey':
      case 'UpdateApiKey':
      case 'RevokeApiKey':
        return await decideDirectory(directory, command, context)
      case 'RecordKeyUses':
        // At once: what leads to no event is not flushed. It is in the transaction of its batch all the same.
        await putKeyUses(sql, command.uses)
        return events()
      case 'RecordMasterKeys':
        masters = undefined
        await putMasterKeys(sql, command.keys)
        return events()
      case 'RewrapKeys':
        await rewrapKeys(
          sql,
          command,
          command.keys.map(({ extent, wrapped }) => ({
            extent,
            wrapped: Buffer.from(wrapped, 'base64'),
          })),
        )
        return events()
      case 'RetireMasterKey':
        masters = undefined
        await putMasterKeys(sql, [{ ...command.from, state: 'retired' }])
        return ofLog({
          type: 'MasterKeyRotated',
          data: { from: command.from.id, to: command.to },
        })
      case 'CreateWebhook':
      case 'UpdateWebhook':
      case 'RotateWebhookSecret':
      case 'DeleteWebhook':
      case 'RecordDelivery':
        return await decideWebhook(
          sql,
          webhooks,
          await directory.project(project),
          command,
          context,
        )
      case 'SkipConsumer':
        return ofLog({
          type: 'ConsumerSkipped',
          data: { consumer: command.consumer, position: command.position },
        })
      case 'RecordRebuild':
        return ofLog({
          type: 'IndexRebuilt',
          data: { projection: command.projection },
        })
      case 'AcceptClock':
        return ofLog({
          type: 'ClockAccepted',
          data: { wall_time: command.wallTime, problem: command.problem },
        })
    }
  }

  return {
    decide: (command, context) => decide(command as StoredCommand, context),
    async flush() {
      await putExtents(sql, extents)
      await putWrappedKeys(sql, keys)
      await removeExtents(sql, destroyed)
      await removeInlineExtents(sql, erased)
      // At once, also of what is not unlinked yet: nothing opens it from here on.
      await removeWrappedKeys(sql, erased)
    },
  }
}

type Fact<Event = DomainEvent> = Event extends DomainEvent
  ? Pick<Event, 'type' | 'data'>
  : never

/** An event of the log itself, whatever came before it. */
function ofLog(fact: Fact): Decision {
  return events({ ...fact, stream: 'log', after: 'latest' })
}

/** Reads of a project's contents on one day (UTC), such as `access:default:2026-01-31`. */
function accessStream(project: string, now: number): string {
  return `access:${project}:${formatTime(now).slice(0, 10)}`
}
