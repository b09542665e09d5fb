/** Where the signing key lies, and what has to outlive the database: files. */
export interface SigningStore {
  /** For messages. */
  readonly keyPath: string
  readonly checkpointPath: string
  /** The signer key (C2SP skey text); undefined: there is none. */
  readKey(): string | undefined
  /** Takes the place of the former. After a power cut it is there. */
  writeKey(text: string): void
  /** Verifier keys (C2SP vkeys), one on each line, for whoever verifies without a server. */
  readVerifierKeys(): string | undefined
  writeVerifierKeys(text: string): void
  /** The checkpoint that was signed last; undefined: there is none. */
  readCheckpoint(): string | undefined
  /** Takes the place of the former. After a power cut one of the two is there, whole. */
  writeCheckpoint(note: string): Promise<void>
}
