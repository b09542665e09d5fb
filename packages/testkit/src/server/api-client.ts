import { clientForms, type UploadForm } from './client-forms.ts'
import { type Form, multipart, type Part } from './multipart.ts'

/** A File object as it comes over the wire. */
export type FileObject = {
  readonly id: string
  readonly object: string
  readonly bytes: number
  readonly created_at: number
  readonly expires_at?: number
  readonly filename: string
  readonly purpose: string
  readonly status: string
  readonly status_details: null
  readonly metadata?: Readonly<Record<string, string>>
}

export type FileList = {
  readonly object: string
  readonly data: readonly FileObject[]
  readonly first_id: string | null
  readonly last_id: string | null
  readonly has_more: boolean
}

/** What `error` holds in a refusal. */
export type Refusal = {
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string | null
}

/** An answer, read whole. */
export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  readonly text: string
  /** The body as JSON, taken for a File object unless the caller says what it is. */
  json<T = FileObject>(): T
  /** `error` of the body, with the status. */
  error(): Refusal & { readonly status: number }
}

export type CallOptions = {
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, a form, or bytes as they are. */
  readonly body?: object | Form | Uint8Array
  readonly signal?: AbortSignal
}

/** HTTP with one key. */
export interface ApiClient {
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  /** `POST /v1/files` with a form: whole, in parts, or as a client would write it. */
  upload(
    form: UploadForm | Form | readonly Part[],
    options?: CallOptions,
  ): Promise<Answer>
  get(id: string): Promise<Answer>
  content(id: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  delete(id: string): Promise<Answer>
  /** One page; `query` without the question mark. */
  list(query?: string): Promise<FileList>
  /** Every file, page by page. */
  listAll(): Promise<FileObject[]>
}

/** A client of the server at `address` (`http://127.0.0.1:8080`); without a key it sends none. */
export function apiClient(address: string, key?: string): ApiClient {
  async function call(
    method: string,
    path: string,
    { headers, body, signal }: CallOptions = {},
  ): Promise<Answer> {
    const sent = bodyOf(body)
    const response = await fetch(address + path, {
      method,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...sent.headers,
        ...headers,
      },
      ...(sent.body !== undefined && { body: sent.body }),
      ...(sent.duplex && { duplex: sent.duplex }),
      ...(signal && { signal }),
      redirect: 'error',
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    return answerOf(response.status, response.headers, bytes)
  }

  async function list(query = ''): Promise<FileList> {
    const answer = await call('GET', `/v1/files${query && `?${query}`}`)
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
    return answer.json<FileList>()
  }

  return {
    call,
    list,
    upload: (form, options) =>
      call('POST', '/v1/files', { ...options, body: toForm(form) }),
    get: (id) => call('GET', `/v1/files/${id}`),
    content: (id, headers = {}) => call('GET', `/v1/files/${id}/content`, { headers }),
    delete: (id) => call('DELETE', `/v1/files/${id}`),
    async listAll() {
      const files: FileObject[] = []
      for (let after = ''; ; ) {
        const page = await list(`limit=1000${after && `&after=${after}`}`)
        files.push(...page.data)
        if (!page.has_more || page.last_id === null) return files
        after = page.last_id
      }
    },
  }
}

export function answerOf(status: number, headers: Headers, bytes: Buffer): Answer {
  const text = bytes.toString()
  return {
    status,
    headers,
    bytes,
    text,
    json: () => JSON.parse(text),
    error: () => {
      const { error }: { error?: Refusal } = JSON.parse(text)
      if (!error) throw new Error(`no refusal: ${status} ${text}`)
      return { ...error, status }
    },
  }
}

function toForm(form: UploadForm | Form | readonly Part[]): Form {
  if ('contentType' in form) return form
  return 'purpose' in form ? clientForms.curl(form) : multipart(form)
}

function bodyOf(body: CallOptions['body']): {
  headers?: Record<string, string>
  body?: NonNullable<RequestInit['body']>
  duplex?: 'half'
} {
  if (body === undefined) return {}
  if (body instanceof Uint8Array) return { body: Buffer.from(body) }
  if (!isForm(body)) {
    return {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }
  }
  const headers = { 'content-type': body.contentType }
  return body.chunked
    ? { headers, body: ReadableStream.from([body.body]), duplex: 'half' }
    : { headers, body: Buffer.from(body.body) }
}

function isForm(body: object): body is Form {
  return 'contentType' in body && 'body' in body
}
