import { CustodyError, type EventMap } from '@custody/domain'
import {
  MalformedError,
  type OpenedReceipt,
  openReceipt,
  parseVerifierKey,
  UnverifiedError,
  type VerifierKey,
} from '@custody/transparency'

/** What a receipt shows. */
export type ReceiptReport = {
  readonly type: string
  readonly project: string
  /** The file that it is about. */
  readonly stream: string
  /** In the log. */
  readonly position: number
  /** RFC 3339. */
  readonly time: string
  readonly actor: string
  /** Lower-case hex; null: it was erased, or is not shown. */
  readonly sha256: string | null
  /** Of the content; null where the event is no upload. */
  readonly bytes: number | null
  /** The log that signed, and how many events it had. */
  readonly origin: string
  readonly size: number
  /** Names of private groups that the receipt does not show. */
  readonly withheld: readonly string[]
}

/**
 * Verifies a receipt without a server.
 *
 * @param keys verifier keys (C2SP vkeys), one on each line: the one of the log among them
 * @returns what it shows, or a sentence that says why it counts for nothing
 * @throws CustodyError `invalid_configuration` where a key is none
 */
export function verifyReceipt(
  receipt: Uint8Array,
  keys: string,
): ReceiptReport | { readonly problem: string } {
  const known = parseKeys(keys)
  try {
    return reportOf(openReceipt(receipt, known))
  } catch (error) {
    if (error instanceof MalformedError || error instanceof UnverifiedError) {
      return { problem: error.message }
    }
    throw error
  }
}

function parseKeys(text: string): VerifierKey[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  try {
    return lines.map((line) => parseVerifierKey(line.trim()))
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause
    const message = `The verifier key: ${cause.message}.`
    throw new CustodyError('invalid_configuration', message, { cause })
  }
}

function reportOf({
  receipt,
  record,
  checkpoint,
  withheld,
}: OpenedReceipt): ReceiptReport {
  const text = (name: string) => String(record[name] ?? '')
  const isUpload = record.type === 'FileUploaded'
  // The log wrote them by its schema, and every byte is vouched for by now.
  const data = record.data as Partial<EventMap['FileUploaded']['data']> | undefined
  const content = receipt.private.content?.body as
    | Partial<EventMap['FileUploaded']['content']>
    | undefined
  return {
    type: text('type'),
    project: text('project'),
    stream: text('stream'),
    position: Number(record.position),
    time: text('time'),
    actor: text('actor'),
    sha256: isUpload ? (content?.sha256 ?? null) : null,
    bytes: isUpload ? (data?.bytes ?? null) : null,
    origin: checkpoint.origin,
    size: checkpoint.size,
    withheld,
  }
}
