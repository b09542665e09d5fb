import { commitmentOfText, saltBytes } from '@custody/transparency'
import type { Finding, Findings } from '../finding.ts'
import type { ErasedGroup, RawPrivate } from '../raw-log.ts'
import { type Inexact, mayBeInexact } from './inexact.ts'
import { isCanonical } from './is-canonical.ts'
import { isSalt, toSalt } from './salt.ts'

/**
 * Tells what is wrong with the private groups of an event.
 *
 * @param commit what its record commits to, by group
 */
export function checkPrivate(
  findings: Findings,
  position: number,
  commit: Readonly<Record<string, unknown>>,
  rows: readonly RawPrivate[],
  { erased, inexact }: { readonly erased: ErasedGroup[]; readonly inexact: Inexact[] },
): void {
  let present = 0
  for (const { grp, salt, body } of rows) {
    if (!Object.hasOwn(commit, grp)) {
      findings.add(strayGroup(position, grp))
      continue
    }
    present += 1
    const wrong = (column: string, problem: string) =>
      findings.add({ table: 'event_private', key: `${position} ${grp}`, column, problem })
    if (!isSalt(salt)) {
      wrong('salt', `is not ${saltBytes} bytes`)
      continue
    }
    if (typeof body !== 'string') {
      wrong('body', 'is no text')
      continue
    }
    if (commitmentOfText(toSalt(salt), body) !== commit[grp]) {
      wrong('body', 'does not give the commitment of the record, with its salt')
    }
    if (!isCanonical(body)) wrong('body', 'is not canonical JSON (RFC 8785)')
    if (mayBeInexact(body)) {
      inexact.push({ table: 'event_private', key: { position, grp } })
    }
  }
  if (present === Object.keys(commit).length) return
  for (const group in commit) {
    if (!rows.some(({ grp }) => grp === group)) erased.push({ position, group })
  }
}

/** A group of private data that no event has. */
export const strayGroup = (position: number, grp: unknown): Finding => ({
  table: 'event_private',
  key: `${position} ${grp}`,
  problem: 'a private group that no event has',
})
