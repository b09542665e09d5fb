import type { World } from './world.ts'

/** What one sentence of a provider's document comes to. */
export type Verdict =
  | {
      readonly kind: 'check'
      /** Does what the sentence says over HTTP. Throws when it is not so. */
      readonly check: (world: World) => Promise<void>
    }
  | { readonly kind: 'not observable'; readonly reason: string }
  | { readonly kind: 'deferred'; readonly reason: string }

export type Statement = {
  /** Words of the document, literally; short. */
  readonly quote: string
  readonly verdict: Verdict
}

export type Provider = {
  /** Name of the dialect. */
  readonly name: string
  /** What its document is called, or where it is. */
  readonly document: string
  readonly statements: readonly Statement[]
}

/** A sentence that can be tried. */
export function holds(quote: string, check: (world: World) => Promise<void>): Statement {
  return { quote, verdict: { kind: 'check', check } }
}

/** A sentence about something that no client of this service can see. */
export function notObservable(quote: string, reason: string): Statement {
  return { quote, verdict: { kind: 'not observable', reason } }
}

/** A sentence about something that this version does not do yet. */
export function deferred(quote: string, reason: string): Statement {
  return { quote, verdict: { kind: 'deferred', reason } }
}
