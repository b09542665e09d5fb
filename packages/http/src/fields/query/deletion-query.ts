import { CustodyError, quote } from '@custody/domain/errors'
import type { BulkDeletionQuery } from '@custody/service'
import { parseInteger } from '../values/parse-integer.ts'
import { missingParameter } from '../values/single-field.ts'
import { checkParameters } from './known-parameters.ts'
import { singleParameter } from './single-parameter.ts'

const purposeName = 'purpose'
const createdBeforeName = 'created_before'
const dryRunName = 'dry_run'
const names: ReadonlySet<string> = new Set([purposeName, createdBeforeName, dryRunName])

/** The end of the year 9999: a time in milliseconds, which would match every file, is beyond it. */
const maxSeconds = 253_402_300_799

/**
 * The query of a bulk deletion. Unlike a list's it may have no parameter that it does not know: a condition that is
 * ignored would delete too much.
 *
 * @throws CustodyError
 */
export function parseDeletionQuery(query: URLSearchParams): BulkDeletionQuery {
  checkParameters(query, names)
  const purpose = singleParameter(query, purposeName)
  const createdBefore = singleParameter(query, createdBeforeName)
  const dryRun = singleParameter(query, dryRunName)
  if (!purpose) throw missingParameter(purposeName)
  if (!createdBefore) throw missingParameter(createdBeforeName)
  return {
    purpose,
    createdBefore: parseInteger(createdBefore, createdBeforeName, {
      min: 0,
      max: maxSeconds,
    }),
    dryRun: parseDryRun(dryRun),
  }
}

function parseDryRun(value: string | undefined): boolean {
  if (value === undefined || value === 'true') return true
  if (value === 'false') return false
  throw new CustodyError(
    'invalid_value',
    `Invalid value: ${quote(value)}. Supported values are: 'true' and 'false'.`,
    { param: dryRunName },
  )
}
