export {
  CustodyError,
  type CustodyErrorData,
  type ErrorDetails,
} from './custody-error.ts'
export { type ErrorKey, type ErrorRow, errorTable } from './error-table.ts'
export { fileTooLarge, type TooLarge } from './file-too-large.ts'
export { quote } from './quote.ts'
