import { CustodyError, quote } from '@custody/domain/errors'
import { acceptBody } from '../answers/accept-body.ts'
import type { TransferWatch } from '../connections/transfer-watch.ts'
import { repeatedKey } from '../fields/values/repeated-key.ts'
import { duplicateParameter } from '../fields/values/single-field.ts'
import { gatherBody } from '../form/gather-body.ts'
import type { RequestContext } from '../request-context.ts'

const maxBytes = 2 ** 20

/** No body that a route knows is half as deep. */
const maxDepth = 16

/** `curl -d` names a form type for whatever it sends; the SDKs send no type with an empty body. */
const acceptedType =
  /^\s*(application\/(json|[\w.-]+\+json|x-www-form-urlencoded)|text\/plain)\s*(;|$)/i

/**
 * The JSON of a request's body; an empty body is an empty object.
 *
 * @throws CustodyError `unsupported_media_type`, `body_too_large`, `invalid_json`, `duplicate_parameter`
 */
export async function jsonBody(
  context: RequestContext,
  watch: TransferWatch,
): Promise<unknown> {
  const { headers } = context.req
  const type = headers['content-type']
  if (type !== undefined && type !== '' && !acceptedType.test(type)) {
    throw unsupported('content-type', type, "'application/json'")
  }
  const coding = headers['content-encoding']
  if (coding !== undefined && coding.trim().toLowerCase() !== 'identity') {
    throw unsupported('content-encoding', coding, 'the body as it is')
  }
  if (Number(headers['content-length']) > maxBytes) throw tooLarge()
  acceptBody(context)
  const body = await gatherBody(context.req, watch, maxBytes, tooLarge)
  if (body.length === 0) return {}
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    value = JSON.parse(text)
  } catch (cause) {
    throw new CustodyError('invalid_json', 'The body is not well-formed JSON in UTF-8.', {
      cause,
    })
  }
  if (isDeeper(value, maxDepth)) {
    throw new CustodyError(
      'invalid_json',
      `The body is nested too deep: at most ${maxDepth} objects and arrays within each other are allowed.`,
    )
  }
  const key = repeatedKey(text)
  if (key !== undefined) throw duplicateParameter(key.slice(0, 64))
  return value
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((one) => isDeeper(one, depth - 1))
}

function unsupported(header: string, value: string, expected: string): CustodyError {
  return new CustodyError(
    'unsupported_media_type',
    `Invalid ${header} header: expected ${expected}, but got ${quote(value)} instead.`,
  )
}

function tooLarge(): CustodyError {
  return new CustodyError(
    'body_too_large',
    'The body is too large: at most 1 MiB is allowed.',
  )
}
