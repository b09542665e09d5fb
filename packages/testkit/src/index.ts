export { blobStoreContract } from './contracts/blob-store-contract.ts'
