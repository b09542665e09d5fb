import type { CustodyError, ErrorKey } from '@custody/domain/errors'
import type {
  FilePage,
  FileView,
  ListQuery,
  UploadPolicy,
  UploadRequest,
} from '@custody/service'

/** A text field of a form, in the order in which the fields came. */
export type FormField = { readonly name: string; readonly value: string }

/** What the fields of an upload say. */
export type UploadFields = Pick<
  UploadRequest,
  | 'purpose'
  | 'expiresAfterSeconds'
  | 'metadata'
  | 'sha256'
  | 'classification'
  | 'complianceRegime'
  | 'options'
  | 'textOptions'
>

/** An object with an id, as it goes on the wire. */
export type Presented = { readonly id: string } & Readonly<Record<string, unknown>>

/**
 * How one provider's API looks on the wire: data and pure functions. A dialect is made by spreading the base and
 * saying what is different. Nothing outside a dialect looks at its name.
 */
export type Dialect = {
  readonly name: string
  /** Size limits, default expiries, purposes and types of uploads. */
  readonly uploads: UploadPolicy
  /** Files of a list page when the request does not say. */
  readonly defaultLimit: number
  /** Most files of a list page. */
  readonly maxLimit: number
  /** An id as clients write it, as a plain UUID; undefined when it cannot be an id. */
  parseId(id: string): string | undefined
  /**
   * Whether an upload may have a text field of this name: an unknown one is refused before the body has ended.
   *
   * @throws CustodyError where a refusal has more to say than the name
   */
  takesField(name: string): boolean
  /** @throws CustodyError for a field that is missing, repeated or wrong */
  parseUpload(fields: readonly FormField[]): UploadFields
  /** @throws CustodyError for a parameter that is repeated or wrong */
  parseList(query: URLSearchParams): ListQuery
  /** A plain UUID as clients see it. */
  presentId(id: string): string
  /** A plain UUID of something else than a file as clients see it. */
  presentPrefixedId(prefix: 'upload_' | 'part_', id: string): string
  /** A file as `GET` and lists show it. */
  presentFile(file: FileView): Presented
  /** A file as the answer to its upload shows it. */
  presentUpload(file: FileView): Presented
  presentList(page: FilePage): object
  presentDeleted(id: string): object
  presentError(error: CustodyError): object
  /** The HTTP status of a refusal. */
  statusOf(key: ErrorKey): number
}
