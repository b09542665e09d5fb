import { type ErrorKey, type ErrorRow, errorTable } from './error-table.ts'

export type ErrorDetails = {
  /** The field at fault: the envelope's `param`. */
  readonly param?: string | null
  /** Shown instead of the table's code: a validator's own. */
  readonly code?: string
  /** Further members of the envelope's `error` object, such as `issues`. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** Further response headers, in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** The one error that Custody throws on purpose. Its row in the error table says how it is answered. */
export class CustodyError extends Error {
  override readonly name = 'CustodyError'
  readonly key: ErrorKey
  readonly param: string | null
  readonly code: string | null
  readonly extra: Readonly<Record<string, unknown>> | undefined
  readonly headers: Readonly<Record<string, string>> | undefined

  constructor(key: ErrorKey, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.key = key
    this.param = details.param ?? null
    this.code = details.code ?? errorTable[key].code
    this.extra = details.extra
    this.headers = details.headers
  }

  get row(): ErrorRow {
    return errorTable[this.key]
  }

  /** As data, to cross a thread: {@link CustodyError.revive} makes the error again. */
  toData(): CustodyErrorData {
    const { key, message, param, code, extra, headers } = this
    return { key, message, param, code, extra, headers }
  }

  static revive(data: CustodyErrorData): CustodyError {
    return new CustodyError(data.key, data.message, {
      param: data.param,
      ...(data.code === null ? {} : { code: data.code }),
      ...(data.extra === undefined ? {} : { extra: data.extra }),
      ...(data.headers === undefined ? {} : { headers: data.headers }),
    })
  }
}

export type CustodyErrorData = {
  readonly key: ErrorKey
  readonly message: string
  readonly param: string | null
  readonly code: string | null
  readonly extra: Readonly<Record<string, unknown>> | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
}
