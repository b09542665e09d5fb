export type { ProjectLimits } from '@custody/domain'
export type { AccessEvents, AccessLog, FileRead } from './access/access-log.ts'
export { DEFAULT_PROJECT } from './admin/default-project-id.ts'
export type {
  AdminContext,
  AdminUseCases,
  ApiKeyView,
  ConsumerView,
  KeyChanges,
  NewApiKey,
  NewKeyOptions,
  Page,
  PageQuery,
  ProjectionView,
  ProjectView,
  ServiceAccountView,
  SweepReport,
} from './admin-types.ts'
export { checkSuppliedKey } from './auth/check-supplied-key.ts'
export { makeKey } from './auth/key-secret.ts'
export type { Authentication, Principal, Scope } from './auth/principal.ts'
export { lastAccepted } from './background/clock-guard.ts'
export { createService } from './create-service.ts'
export { compareList, type ErasureFile } from './erasure/erasure-list.ts'
export type {
  EraseAsked,
  Erasures,
  ErasureView,
  TrailView,
} from './erasure/erasures.ts'
export {
  createLogExport,
  EXPORT_FORMAT,
  EXPORT_VERSION,
  type ExportOptions,
  type LogExport,
} from './export/log-export.ts'
export type { FileHolds, HoldsView, HoldView, NewHold } from './files/file-holds.ts'
export type {
  AtPosition,
  BulkDeletion,
  BulkDeletionQuery,
  FileContent,
  FilePage,
  Files,
  FileValidation,
  FileView,
  ListQuery,
  PurposePolicy,
  UploadPolicy,
  UploadRequest,
  UploadSession,
} from './files/files.ts'
export { extensionOf } from './files/intake/judge-content.ts'
export { openExtent } from './files/open-extent.ts'
export type { AuditEntry, AuditLog, AuditQuery } from './history/audit-log.ts'
export type { EventView } from './history/event-view.ts'
export type {
  EventFilter,
  EventPage,
  EventsQuery,
  Follower,
  Following,
  FollowQuery,
  History,
  TimeRange,
} from './history/history.ts'
export type { AsOf } from './history/moments.ts'
export type {
  Attempt,
  Idempotency,
  IdempotencyScope,
} from './idempotency/idempotency.ts'
export { createIds, type Ids } from './ids.ts'
export { settleImported } from './import/settle-imported.ts'
export {
  parsePass,
  type ScrubPass,
  type ScrubStore,
} from './integrity/background-scrub.ts'
export type { Integrity } from './integrity/integrity.ts'
export type {
  ScrubDamage,
  ScrubFailure,
  ScrubFinding,
  ScrubSlice,
} from './integrity/scrub.ts'
export {
  createKeyRing,
  type KeyRing,
  MASTER_KEY_BYTES,
  type MasterKey,
  masterKey,
  type WrappedKey,
} from './keys/key-ring.ts'
export type { MasterKeyRotation, RotationView } from './keys/master-key-rotation.ts'
export type { MasterKeyStore } from './keys/master-key-store.ts'
export { openKeyRing } from './keys/open-key-ring.ts'
export { genesis } from './log/genesis.ts'
export { logModuleUrl } from './log/log-module-url.ts'
export { createPluginHost, type PluginHost } from './plugin-host/index.ts'
export { createMemoryRateStore, type RateStore } from './rates/rate-store.ts'
export type { RateHeaders } from './rates/upload-rates.ts'
export { beginRestored, type RestoredLog } from './restore/begin-restored.ts'
export { type LogState, readLogState, rootAtSize } from './restore/log-state.ts'
export type { Service, ServiceOptions } from './service.ts'
export {
  ALL_SCOPES,
  DEFAULT_SCOPES,
  type Logger,
  type ServiceEnvironment,
} from './service-environment.ts'
export { checkpointOf } from './transparency/checkpoint-of.ts'
export { refuseLostDatabase } from './transparency/open-log-signer.ts'
export { openTransparency } from './transparency/open-transparency.ts'
export { proofUnder } from './transparency/proof-under.ts'
export type { SigningStore } from './transparency/signing-store.ts'
export type { Asker, EventChoice, Transparency } from './transparency/transparency.ts'
export { type ReceiptReport, verifyReceipt } from './transparency/verify-receipt.ts'
export type {
  Completion,
  NewPart,
  NewUpload,
  PartSession,
  PartView,
  UploadId,
  Uploads,
  UploadView,
} from './uploads/uploads.ts'
export { type StoredUsage, sumUsage, type UsageView } from './usage/usage-view.ts'
export { parseWebhookAllow } from './webhooks/webhook-allow.ts'
export type {
  DeliveriesQuery,
  DeliveryView,
  NewWebhook,
  WebhookChanges,
  WebhookOptions,
  Webhooks,
  WebhookView,
  WebhookWithSecret,
} from './webhooks/webhook-types.ts'
