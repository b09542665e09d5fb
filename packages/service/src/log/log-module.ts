import {
  createEventCheck,
  type Decision,
  type DomainEvent,
  decideArchiveProject,
  decideBeginLogEpoch,
  decideCreateApiKey,
  decideCreateProject,
  decideCreateServiceAccount,
  decideDelete,
  decideDeleteServiceAccount,
  decideExpire,
  decideHold,
  decideRelease,
  decideRevokeApiKey,
  decideUpdateApiKey,
  decideUpdateProject,
  decideUpload,
  eventSchemas,
  events,
  isEventType,
  quotaOf,
  upcast,
} from '@custody/domain'
import type { BatchDecider, DecideContext, LogModule, Sql } from '@custody/event-log'
import {
  type DirectoryBatch,
  directoryProjection,
  type ExtentRow,
  extentsMigrations,
  type FilesBatch,
  filesProjection,
  keyUsesMigrations,
  projections,
  putExtents,
  putKeyUses,
  removeExtents,
  type WebhooksBatch,
  webhookMigrations,
  webhooksProjection,
} from '@custody/file-index'
import { decideWebhook } from './decide-webhook.ts'
import type { StoredCommand, StoredUpload } from './stored-command.ts'

const checkEvent = createEventCheck()

/** What the log is told about the events of Custody. Loaded in the log thread. */
export const logModule: LogModule = {
  schemaOf(type) {
    if (!isEventType(type)) throw new TypeError(`Unknown event type '${type}'`)
    return eventSchemas[type].schema
  },
  check: (event) => checkEvent(event as DomainEvent),
  upcast,
  migrations: { ...extentsMigrations, ...keyUsesMigrations, ...webhookMigrations },
  projections,
  openBatch: (sql, batchOf) =>
    createDecider(
      sql,
      batchOf(filesProjection),
      batchOf(directoryProjection),
      batchOf(webhooksProjection),
    ),
}

function createDecider(
  sql: Sql,
  files: FilesBatch,
  directory: DirectoryBatch,
  webhooks: WebhooksBatch,
): BatchDecider {
  const extents: ExtentRow[] = []
  const destroyed: string[] = []

  async function upload(
    command: StoredUpload,
    context: DecideContext,
  ): Promise<Decision> {
    const project = await directory.project(context.project)
    if (!project)
      throw new TypeError(`An upload to project ${context.project}, which is not there`)
    const quota = quotaOf(project.limits, command)
    const usedBytes = quota === undefined ? 0 : await files.usedBytes(project.id)
    const decision = decideUpload(
      {
        project: { archived: project.archivedAt !== null, limits: project.limits },
        usedBytes,
      },
      command,
      context.now,
    )
    if ('events' in decision) {
      for (const [index, extent] of command.extents.entries()) {
        const place = command.places[index]
        if (!place) throw new TypeError(`Extent ${extent.id} has no place`)
        extents.push({
          id: extent.id,
          place: place.place,
          format: place.format,
          stored_bytes: place.storedBytes,
          content: place.place === 'inline' ? (context.attachments[index] ?? null) : null,
        })
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
      case 'RecordDestroyed':
        destroyed.push(...command.extents)
        return events({
          type: 'ContentDestroyed',
          stream: 'log',
          after: 'latest',
          data: { extents: command.extents },
        })
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
        return decideCreateProject(await directory.project(command.id), command)
      case 'UpdateProject':
        return decideUpdateProject(await directory.project(command.id), command)
      case 'ArchiveProject':
        return decideArchiveProject(await directory.project(command.id), command)
      case 'CreateServiceAccount':
        return decideCreateServiceAccount(await directory.project(project), {
          ...command,
          project,
        })
      case 'DeleteServiceAccount':
        return decideDeleteServiceAccount(
          await directory.serviceAccount(command.id),
          await directory.keysOfAccount(command.id),
          { ...command, project },
        )
      case 'CreateApiKey':
        return decideCreateApiKey(
          await directory.project(project),
          command.account === null
            ? null
            : await directory.serviceAccount(command.account),
          { ...command, project },
        )
      case 'UpdateApiKey':
        return decideUpdateApiKey(
          await directory.apiKey(command.id),
          { ...command, project },
          now,
        )
      case 'RevokeApiKey':
        return decideRevokeApiKey(await directory.apiKey(command.id), {
          ...command,
          project,
        })
      case 'RecordKeyUses':
        // At once: what leads to no event is not flushed. It is in the transaction of its batch all the same.
        await putKeyUses(sql, command.uses)
        return events()
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
        return events({
          type: 'ConsumerSkipped',
          stream: 'log',
          after: 'latest',
          data: { consumer: command.consumer, position: command.position },
        })
    }
  }

  return {
    decide: (command, context) => decide(command as StoredCommand, context),
    async flush() {
      await putExtents(sql, extents)
      await removeExtents(sql, destroyed)
    },
  }
}
