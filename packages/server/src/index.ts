export {
  type ExportReport,
  type VerifyExportOptions,
  verifyExport,
} from './audit/export/verify-export.ts'
export {
  type DataFolderReport,
  type VerifyDataFolderOptions,
  verifyDataFolder,
} from './audit/verify-data-folder.ts'
export { type Config, loadConfig } from './config/load-config.ts'
export { type RunningServer, runServer } from './deployment/run-server.ts'
export { createLogger } from './logger.ts'
export { main } from './main.ts'
