export {
  type DirectoryBatch,
  directoryProjection,
} from './directory/directory-projection.ts'
export {
  findApiKey,
  findApiKeyByHash,
  findKeysOfAccount,
  findProject,
  findServiceAccount,
} from './directory/find-directory.ts'
export {
  listApiKeys,
  listProjects,
  listServiceAccounts,
  type PageQuery,
} from './directory/list-directory.ts'
export {
  type ExtentRow,
  extentsMigrations,
  findExtent,
  listAllExtents,
  listExtents,
  putExtents,
  removeExtents,
  removeInlineExtents,
} from './extents/extents.ts'
export {
  endsStream,
  listPromisedExtents,
  type PromisedExtents,
} from './extents/promised-extents.ts'
export { extentReferences, storedExtents } from './extents/stored-extents.ts'
export {
  fileAsOf,
  type ListFilesAsOf,
  listFilesAsOf,
  type Moment,
} from './files/as-of.ts'
export { type CountFiles, countFiles } from './files/count-files.ts'
export { dueFiles, nextDeadline } from './files/deadlines.ts'
export type { FilesBatch } from './files/files-batch.ts'
export { filesProjection } from './files/files-projection.ts'
export type { FileRow, GarbageRow, UsageRow } from './files/files-tables.ts'
export { findFile, findFileOf } from './files/find-file.ts'
export { findGarbage, isGarbage } from './files/garbage.ts'
export {
  type CreatedBefore,
  countCreatedBefore,
  listCreatedBefore,
} from './files/list-created-before.ts'
export { type FilesFilter, type ListFiles, listFiles } from './files/list-files.ts'
export { findPrivateGroups, findSource } from './files/private-groups.ts'
export {
  countStoredFiles,
  listStoredFiles,
  type StoredFile,
} from './files/stored-files.ts'
export { findUsage } from './files/usage.ts'
export {
  findKeyUse,
  type KeyUseRow,
  keyUsesMigrations,
  putKeyUses,
} from './key-uses/key-uses.ts'
export { projections } from './projections.ts'
export { findUpload, findUploadOf, listUploadParts } from './uploads/find-upload.ts'
export { findPendingBytes } from './uploads/pending-bytes.ts'
export { dueUploads, nextUploadDeadline } from './uploads/upload-deadlines.ts'
export type { UploadsBatch } from './uploads/uploads-batch.ts'
export { uploadsProjection } from './uploads/uploads-projection.ts'
export {
  findWebhook,
  listAllWebhooks,
  listEnabledWebhooks,
  listWebhooks,
} from './webhooks/find-webhooks.ts'
export {
  findWebhookDelivery,
  listWebhookDeliveries,
  putWebhookDelivery,
  removeWebhookDeliveries,
  trimWebhookDeliveries,
} from './webhooks/webhook-deliveries.ts'
export {
  expireWebhookSecrets,
  findWebhookSecrets,
  putWebhookSecret,
  removeWebhookSecret,
  removeWebhookSecrets,
} from './webhooks/webhook-secrets.ts'
export {
  type WebhookDeliveryRow,
  type WebhookSecretRow,
  webhookMigrations,
} from './webhooks/webhook-tables.ts'
export { type WebhooksBatch, webhooksProjection } from './webhooks/webhooks-projection.ts'
export { countWrappedKeys } from './wrapped-keys/count-wrapped-keys.ts'
export {
  findWrappedKey,
  listMasterKeys,
  listWrappedKeys,
  type MasterKeyRow,
  putMasterKeys,
  putWrappedKeys,
  removeWrappedKeys,
  rewrapKeys,
  type WrappedKeyRow,
  wrappedKeysMigrations,
} from './wrapped-keys/wrapped-keys.ts'
