/** Why a text of the right form proves nothing. */
export type UnverifiedReason =
  /** No signature is by a key that the reader knows. */
  | 'unknown_keys'
  /** A signature in the name of a known key is not that key's. */
  | 'invalid_signature'
  /** No known key that signed bears the name of the log, so it is not the log that speaks. */
  | 'foreign_origin'
  /** The proof does not lead to the root of its checkpoint. */
  | 'wrong_proof'
  /** Private data is not what its record commits to. */
  | 'wrong_commitment'

/** A text is of the right form, and still nothing to believe. */
export class UnverifiedError extends Error {
  override readonly name = 'UnverifiedError'
  readonly reason: UnverifiedReason

  constructor(reason: UnverifiedReason, message: string) {
    super(message)
    this.reason = reason
  }
}
