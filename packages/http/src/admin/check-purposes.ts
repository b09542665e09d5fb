import { CustodyError, quote } from '@custody/domain/errors'
import type { AdminUseCases, ProjectLimits } from '@custody/service'
import { dialectNamed } from '../dialects/dialects.ts'

/**
 * A limit of a purpose that nobody can upload to is a mistake, most likely in writing its name. Where the dialect
 * takes any purpose, every name is good.
 *
 * @throws CustodyError `invalid_value` that names those that are accepted
 */
export function checkPurposes(
  limits: ProjectLimits,
  dialect: string,
  admin: Pick<AdminUseCases, 'purposes'>,
): void {
  const names = Object.keys(limits.purposes ?? {})
  const { uploads } = dialectNamed(dialect)
  if (names.length === 0 || uploads.anyPurpose) return
  const accepted = admin.purposes(uploads)
  const wrong = names.find((name) => !accepted.includes(name))
  if (wrong === undefined) return
  throw new CustodyError(
    'invalid_value',
    `Invalid 'limits.purposes': no plugin offers ${quote(wrong)}. Supported purposes are: ${accepted.map(quote).join(', ')}.`,
    { param: `limits.purposes.${wrong}` },
  )
}
