import { duplicateParameter } from '../values/single-field.ts'

/** The value of a query parameter that may come once. @throws CustodyError `duplicate_parameter` */
export function singleParameter(
  query: URLSearchParams,
  name: string,
): string | undefined {
  const values = query.getAll(name)
  if (values.length > 1) throw duplicateParameter(name)
  return values[0]
}
