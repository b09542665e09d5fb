export { blobStoreContract } from './contracts/blob-store-contract.ts'
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
  custody,
  custodyBin,
} from './server/run-custody.ts'
export {
  type NewProject,
  type ServerOptions,
  spawnServer,
  startServer,
  type TestProject,
  type TestServer,
} from './server/start-server.ts'
export {
  makeTemporaryFolder,
  removeFolder,
  temporaryFolder,
} from './server/temporary-folder.ts'
export { until } from './server/until.ts'
