export { blobStoreContract } from './contracts/blob-store-contract.ts'
export { eventLogContract } from './contracts/event-log-contract.ts'
export { logProblems } from './event-log/log-problems.ts'
export type { CreateLogStore, LogStore, OpenOptions } from './event-log/log-store.ts'
export { type RawLog, readLog } from './event-log/read-log.ts'
export { type TestClock, testClock } from './event-log/test-clock.ts'
export { howOften } from './how-often.ts'
export { type PlainCheckpoint, plainCheckpoint } from './plain-log/plain-checkpoint.ts'
export { type PlainProof, plainProof } from './plain-log/plain-proof.ts'
export { plainConsistency, plainInclusion, plainRoot } from './plain-log/plain-tree.ts'
export {
  type Answer,
  type ApiClient,
  answerOf,
  apiClient,
  type CallOptions,
  type FileList,
  type FileObject,
  type Refusal,
} from './server/api-client.ts'
export { clientForms, type UploadForm } from './server/client-forms.ts'
export { type Form, multipart, type Part } from './server/multipart.ts'
export { RawConnection, requestHead } from './server/raw-connection.ts'
export {
  gapsOf,
  readEvents,
  stagedFiles,
  storedBlobs,
} from './server/read-data-folder.ts'
export {
  type CommandOptions,
  type CommandResult,
  commandOf,
  custody,
  custodyBin,
  custodyHere,
  environment,
  type Settings,
  testSettings,
} from './server/run-custody.ts'
export {
  type NewProject,
  type ServerOptions,
  spawnServer,
  startServer,
  type TestProject,
  type TestServer,
} from './server/start-server.ts'
export { garbageOf, sweepDataFolder } from './server/sweep-data-folder.ts'
export {
  makeTemporaryFolder,
  removeFolder,
  temporaryFolder,
} from './server/temporary-folder.ts'
export { until } from './server/until.ts'
