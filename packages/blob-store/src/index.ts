export {
  type BlobStore,
  type ByteRange,
  INLINE_MAX_BYTES,
  type StoredExtent,
} from './blob-store.ts'
export { type BlobReader, openDiskBlobReader } from './disk/disk-blob-reader.ts'
export {
  type DiskBlobStore,
  type DiskBlobStoreOptions,
  openDiskBlobStore,
} from './disk/disk-blob-store.ts'
export { type DurableFiles, durableFiles } from './disk/durable-files.ts'
export type { SpooledContent } from './spool/spooled-content.ts'
export type { UploadSpool } from './spool/upload-spool.ts'
export { type SweepOptions, type SweepResult, sweep } from './sweep.ts'
