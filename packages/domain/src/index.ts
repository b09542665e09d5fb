export {
  CustodyError,
  type CustodyErrorData,
  type ErrorDetails,
  type ErrorKey,
  type ErrorRow,
  errorTable,
  quote,
} from './errors/index.ts'
