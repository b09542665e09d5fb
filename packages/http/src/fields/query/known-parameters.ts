import { CustodyError, quote } from '@custody/domain/errors'

/**
 * Refuses parameters that are not among the known ones: a condition that is ignored would show too much.
 *
 * @throws CustodyError `unknown_parameter`
 */
export function checkParameters(
  query: URLSearchParams,
  known: ReadonlySet<string>,
): void {
  for (const name of query.keys()) {
    if (known.has(name)) continue
    throw new CustodyError('unknown_parameter', `Unknown parameter: ${quote(name)}.`, {
      param: name.slice(0, 64),
    })
  }
}
