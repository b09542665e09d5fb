import type { MasterKey } from './key-ring.ts'

/** Where the master keys of a deployment are. */
export type MasterKeyStore = {
  /** The path of the file, or the setting that holds the keys. */
  readonly source: string
  /**
   * The keys, in the order in which they stand; none where there is no file yet.
   *
   * @throws CustodyError `invalid_configuration` for what is no key
   */
  load(): readonly MasterKey[]
  /** Makes a further key, durably, before those that are there. Undefined where keys are configured, and never made. */
  readonly make: (() => MasterKey) | undefined
  /** Takes keys out for good. Undefined where keys are configured: whoever did that takes them out. */
  readonly remove: ((ids: ReadonlySet<string>) => void) | undefined
}
