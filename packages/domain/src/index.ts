export type {
  Command,
  CreateLog,
  RecordDestroyed,
  RecordReads,
  SkipConsumer,
} from './command.ts'
export {
  type Accepted,
  type Decision,
  type Erasure,
  events,
  type Refused,
  refuse,
} from './decision.ts'
export {
  type ApiKeyState,
  type CreateApiKey,
  decideCreateApiKey,
  decideRevokeApiKey,
  decideUpdateApiKey,
  evolveApiKey,
  isKeyValid,
  type RevokeApiKey,
  type UpdateApiKey,
} from './directory/api-key.ts'
export {
  type ArchiveProject,
  type CreateProject,
  decideArchiveProject,
  decideCreateProject,
  decideUpdateProject,
  evolveProject,
  type ProjectState,
  type UpdateProject,
} from './directory/project.ts'
export {
  type CreateServiceAccount,
  type DeleteServiceAccount,
  decideCreateServiceAccount,
  decideDeleteServiceAccount,
  decideUpdateServiceAccount,
  evolveServiceAccount,
  type ServiceAccountState,
  type UpdateServiceAccount,
} from './directory/service-account.ts'
export {
  CustodyError,
  type CustodyErrorData,
  type ErrorDetails,
  type ErrorKey,
  type ErrorRow,
  errorTable,
  quote,
} from './errors/index.ts'
export { createEventCheck } from './events/check-event.ts'
export {
  type DamageFinder,
  type DomainEvent,
  type EventMap,
  type EventType,
  type ExpiryPolicy,
  type Extent,
  isErased,
  type PlacedEvent,
  type ProjectLimits,
  type RestoreReason,
  SYSTEM_PROJECT,
} from './events/event-map.ts'
export { eventName } from './events/event-name.ts'
export { eventSchemas } from './events/event-schemas.ts'
export {
  type EventBody,
  isEventType,
  type Upcaster,
  type Upcasters,
  upcast,
} from './events/upcast.ts'
export {
  decideMarkDamaged,
  decideMarkRepaired,
  type MarkDamaged,
  type MarkRepaired,
} from './files/decide-damage.ts'
export {
  decideErase,
  decideErasePrivate,
  type Erasable,
  type EraseFile,
  type ErasePrivate,
} from './files/decide-erase.ts'
export {
  type DeleteFile,
  decideDelete,
  decideExpire,
  decideUpload,
  type ExpireFile,
  quotaOf,
  type UploadFile,
  type UploadState,
} from './files/decide-file.ts'
export {
  decideHold,
  decideRelease,
  type HoldFile,
  type ReleaseFile,
} from './files/decide-hold.ts'
export {
  effectiveExpiresAt,
  evolveFile,
  type FileEnd,
  type FileState,
  type Hold,
  isExpired,
  isFileEvent,
  isHeld,
  isLive,
  keptUntil,
} from './files/file-state.ts'
export { parseFileId, parsePrefixedId, prefixedId, toFileId, uuidv7 } from './ids.ts'
export {
  type BeginLogEpoch,
  decideBeginLogEpoch,
  type OldLog,
} from './log/decide-log-key.ts'
export { type Micros, toSeconds } from './log-time.ts'
export {
  type AddPart,
  type CancelUpload,
  type CompleteUpload,
  type CreateUpload,
  decideAddPart,
  decideCancelUpload,
  decideCompleteUpload,
  decideCreateUpload,
  decideExpireUpload,
  type ExpireUpload,
  isCompletedAs,
  uploadNotFound,
  uploadNotPending,
} from './uploads/decide-upload.ts'
export { requireParts } from './uploads/require-parts.ts'
export { uploadLimits } from './uploads/upload-limits.ts'
export {
  evolveUpload,
  isPending,
  type Upload,
  type UploadEnd,
  type UploadPart,
  type UploadStatus,
  uploadStatus,
} from './uploads/upload-state.ts'
export {
  type CreateWebhook,
  type DeleteWebhook,
  type DisabledReason,
  decideCreateWebhook,
  decideDeleteWebhook,
  decideDisableWebhook,
  decideRotateWebhookSecret,
  decideUpdateWebhook,
  evolveWebhook,
  MAX_WEBHOOKS,
  type RotateWebhookSecret,
  type UpdateWebhook,
  type WebhookState,
} from './webhooks/webhook.ts'
export {
  ALL_EVENTS,
  webhookEventNames,
  webhookEventTypes,
} from './webhooks/webhook-events.ts'
