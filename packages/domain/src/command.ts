import type { CreateApiKey, RevokeApiKey, UpdateApiKey } from './directory/api-key.ts'
import type { ArchiveProject, CreateProject, UpdateProject } from './directory/project.ts'
import type {
  CreateServiceAccount,
  DeleteServiceAccount,
  UpdateServiceAccount,
} from './directory/service-account.ts'
import type { EventMap } from './events/event-map.ts'
import type { MarkDamaged, MarkRepaired } from './files/decide-damage.ts'
import type { EraseFile, ErasePrivate } from './files/decide-erase.ts'
import type { DeleteFile, ExpireFile, UploadFile } from './files/decide-file.ts'
import type { HoldFile, ReleaseFile } from './files/decide-hold.ts'
import type { BeginLogEpoch } from './log/decide-log-key.ts'
import type {
  AddPart,
  CancelUpload,
  CompleteUpload,
  CreateUpload,
  ExpireUpload,
} from './uploads/decide-upload.ts'
import type {
  CreateWebhook,
  DeleteWebhook,
  RotateWebhookSecret,
  UpdateWebhook,
} from './webhooks/webhook.ts'

/** Gives the log its identity: the first event of every log. */
export type CreateLog = {
  readonly type: 'CreateLog'
  readonly logId: string
  readonly software: string
}

/** Content of ended files was unlinked: takes it off the garbage queue. */
export type RecordDestroyed = {
  readonly type: 'RecordDestroyed'
  readonly extents: readonly string[]
}

/** What one key has read of its project. */
export type RecordReads = {
  readonly type: 'RecordReads'
  readonly reads: readonly EventMap['FileContentRead']['data'][]
}

/** An operator lets a stopped consumer pass over an event. */
export type SkipConsumer = {
  readonly type: 'SkipConsumer'
  readonly consumer: string
  readonly position: number
}

/** A projection was built anew, as an operator asked. */
export type RecordRebuild = {
  readonly type: 'RecordRebuild'
  readonly projection: string
}

/** An operator says that the wall clock is right. */
export type AcceptClock = {
  readonly type: 'AcceptClock'
  /** Unix milliseconds. */
  readonly wallTime: number
  readonly problem: EventMap['ClockAccepted']['data']['problem']
}

/** Everything that can be asked of the log, as plain JSON data. */
export type Command =
  | CreateLog
  | BeginLogEpoch
  | UploadFile
  | DeleteFile
  | ExpireFile
  | HoldFile
  | ReleaseFile
  | EraseFile
  | ErasePrivate
  | MarkDamaged
  | MarkRepaired
  | RecordReads
  | CreateUpload
  | AddPart
  | CompleteUpload
  | CancelUpload
  | ExpireUpload
  | RecordDestroyed
  | CreateProject
  | UpdateProject
  | ArchiveProject
  | CreateServiceAccount
  | UpdateServiceAccount
  | DeleteServiceAccount
  | CreateApiKey
  | UpdateApiKey
  | RevokeApiKey
  | CreateWebhook
  | UpdateWebhook
  | RotateWebhookSecret
  | DeleteWebhook
  | SkipConsumer
  | RecordRebuild
  | AcceptClock
