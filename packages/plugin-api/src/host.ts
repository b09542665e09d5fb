/** What runs plugins needs beside the reader. Plugins do not import this. */
export {
  type CheckedVerdict,
  checkVerdict,
  MAX_FACTS_BYTES,
  MAX_FACTS_DEPTH,
  verdictOfReadError,
} from './check-verdict.ts'
export { type FileSource, openFileSource } from './file-source.ts'
export { type ByteSource, createPluginFile, type PluginFileOptions } from './reader.ts'
