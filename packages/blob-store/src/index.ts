export {
  type BlobStore,
  INLINE_MAX_BYTES,
  type StoredExtent,
} from './blob-store.ts'
export type { ByteRange, ReadOptions } from './byte-range.ts'
export { type BlobReader, openDiskBlobReader } from './disk/disk-blob-reader.ts'
export {
  type DiskBlobStore,
  type DiskBlobStoreOptions,
  openDiskBlobStore,
} from './disk/disk-blob-store.ts'
export { type DurableFiles, durableFiles } from './disk/durable-files.ts'
export {
  isBox,
  openSealedBox,
  readSealed,
  type SealedExtent,
} from './sealed/read-sealed.ts'
export {
  type ExtentFormat,
  isSealedFormat,
  type SealedFormat,
  type SealMode,
} from './sealed/sealed-formats.ts'
export type { ReadStored } from './sealed/stored-bytes.ts'
export { unwrapKey, wrapKey } from './sealed/wrap-key.ts'
export type { ContentFollower } from './spool/content-follower.ts'
export type { SpooledContent, StoredForm } from './spool/spooled-content.ts'
export type { SealOptions } from './spool/staging-area.ts'
export type { StagedPart, UploadSpool } from './spool/upload-spool.ts'
export { type SweepOptions, type SweepResult, sweep } from './sweep.ts'
