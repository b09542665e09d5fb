import { CustodyError } from '@custody/domain/errors'
import type { ValidatedBy, ValidationOutcome } from './types.ts'

const none = Object.freeze([])
const noFacts = Object.freeze({})

/** A plugin's fault, as the thread tells it. */
export type Fault = { readonly plugin: string; readonly detail: string }

/**
 * What a reply says of a file; a plugin's fault where that is what it says.
 *
 * @throws CustodyError `internal_error` when the content could not be read
 */
export function parseReply(
  reply: string,
  validatedBy: readonly ValidatedBy[],
): ValidationOutcome | { readonly fault: Fault } {
  const json = reply.slice(1)
  switch (reply[0]) {
    case 'a':
      return acceptedOutcome(validatedBy, json === '{}' ? noFacts : JSON.parse(json))
    case 'w':
      return { ok: true, validatedBy, ...JSON.parse(json) }
    case 'r':
      return { ok: false, ...JSON.parse(json) }
    case 'f':
      return { fault: JSON.parse(json) }
    default:
      throw unreadable(json)
  }
}

/** What a reply says of an event; likewise. */
export function parseReactionReply(
  reply: string,
): { readonly retryAfter?: number } | { readonly fault: Fault } {
  if (reply.startsWith('d')) return JSON.parse(reply.slice(1))
  if (reply.startsWith('f')) return { fault: JSON.parse(reply.slice(1)) }
  throw unreadable(reply.slice(1))
}

export function acceptedOutcome(
  validatedBy: readonly ValidatedBy[],
  facts: Extract<ValidationOutcome, { ok: true }>['facts'] = noFacts,
): ValidationOutcome {
  return { ok: true, validatedBy, facts, warnings: none }
}

function unreadable(reason: string): CustodyError {
  return new CustodyError('internal_error', 'The content could not be read.', {
    cause: reason,
  })
}
