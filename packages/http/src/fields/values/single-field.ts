import { CustodyError } from '@custody/domain/errors'
import type { FormField } from '../../dialects/dialect.ts'

/** The value of a field that may come once. @throws CustodyError `duplicate_parameter` */
export function singleField(
  fields: readonly FormField[],
  name: string,
): string | undefined {
  let found: string | undefined
  for (const field of fields) {
    if (field.name !== name) continue
    if (found !== undefined) throw duplicateParameter(name)
    found = field.value
  }
  return found
}

/** @throws CustodyError `missing_required_parameter` also when the field is empty */
export function requiredField(fields: readonly FormField[], name: string): string {
  const value = singleField(fields, name)
  if (value === undefined || value === '') throw missingParameter(name)
  return value
}

export function missingParameter(name: string): CustodyError {
  return new CustodyError(
    'missing_required_parameter',
    `Missing required parameter: '${name}'.`,
    { param: name },
  )
}

export function duplicateParameter(name: string): CustodyError {
  return new CustodyError(
    'duplicate_parameter',
    `Duplicate parameter: '${name}'. You provided multiple values for this parameter, ` +
      'whereas only one is allowed.',
    { param: name },
  )
}
