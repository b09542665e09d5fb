import { CustodyError } from '@custody/domain/errors'

/** What a person typed for each field of a request: `{ expires_in_seconds: '--expires-in' }`. */
export type TypedFields = Readonly<Record<string, string>>

/** Runs `work`. A refusal that is about a field of the request names what was typed for it. */
export async function namingFlags<T>(
  typed: TypedFields,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error
    const message = nameFlag(error, typed)
    if (message === error.message) throw error
    throw CustodyError.revive({ ...error.toData(), message })
  }
}

/** The message of a refusal, with what was typed in place of the field that it is about. */
export function nameFlag(
  { message, param }: Pick<CustodyError, 'message' | 'param'>,
  typed: TypedFields,
): string {
  const [field = ''] = (param ?? '').split(/[.[]/)
  const flag = Object.hasOwn(typed, field) ? typed[field] : undefined
  if (flag === undefined) return message
  const named = message.replaceAll(`'${param}'`, `'${flag}'`)
  return named === message ? `${flag}: ${message}` : named
}
