import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { CustodyError, quote } from '@custody/domain/errors'
import { printable } from '../../terminal/printable.ts'
import type { ServerChoice } from './server-choice.ts'

/** What a server answered that is no success. */
export type Refusal = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** `error` of the answer; empty where it has none. */
  readonly error: Readonly<Record<string, unknown>>
}

const refusals = new WeakMap<object, Refusal>()

/** What a server answered, where an error says that it refused. */
export function refusalBehind(error: unknown): Refusal | undefined {
  return typeof error === 'object' && error !== null ? refusals.get(error) : undefined
}

/** What a refusal is thrown as: the server's words, and what can be done where the key is at fault. */
export function refusalError(
  { statusCode: status = 0, headers }: IncomingMessage,
  text: string,
  server: ServerChoice,
): CustodyError {
  const error = errorIn(text)
  const code = typeof error.code === 'string' ? error.code : undefined
  const from = `${status}${code === undefined ? '' : ` ${printable(code)}`} from ${server.base.origin}`
  const refused = new CustodyError(
    'request_refused',
    [
      wordsOf(error, text),
      ...(headers.location === undefined
        ? []
        : [`It sends its clients to ${quote(headers.location)}.`]),
      ...(status === 401 ? [aboutKey(server)] : []),
      `(${from})`,
    ].join(' '),
    {
      param: typeof error.param === 'string' ? error.param : null,
      ...(code !== undefined && { code }),
    },
  )
  refusals.set(refused, { status, headers, error })
  return refused
}

function wordsOf(error: Refusal['error'], text: string): string {
  if (typeof error.message === 'string' && error.message !== '') {
    return printable(error.message)
  }
  return text.trim() === '' ? 'The server refuses without a word.' : quote(text.trim())
}

function aboutKey({ key, keySource }: ServerChoice): string {
  return key === undefined
    ? 'No key was given: --key, CUSTODY_API_KEY or OPENAI_API_KEY.'
    : `The key that was sent is that of ${keySource}.`
}

/** OpenAI's envelope, or the one sentence that other servers put in its place. */
function errorIn(text: string): Refusal['error'] {
  try {
    const found: unknown = JSON.parse(text)
    if (typeof found !== 'object' || found === null) return {}
    const error =
      'error' in found ? found.error : 'detail' in found ? found.detail : undefined
    if (typeof error === 'string') return { message: error }
    return typeof error === 'object' && error !== null ? { ...error } : {}
  } catch {
    return {}
  }
}
