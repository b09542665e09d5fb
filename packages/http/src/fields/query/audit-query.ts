import { parseFileId } from '@custody/domain'
import type { AuditQuery } from '@custody/service'
import { pageQuery } from '../../admin/page-query.ts'
import { parseAuditType } from '../../events/audit-object.ts'
import { parseInteger } from '../values/parse-integer.ts'
import { checkParameters } from './known-parameters.ts'
import { singleParameter } from './single-parameter.ts'

const bounds = ['gt', 'gte', 'lt', 'lte'] as const
const known: ReadonlySet<string> = new Set([
  ...['limit', 'after', 'before', 'tenant_only'],
  ...[
    'project_ids[]',
    'event_types[]',
    'actor_ids[]',
    'actor_emails[]',
    'resource_ids[]',
  ],
  ...bounds.map((bound) => `effective_at[${bound}]`),
])

/** The end of the year 9999: a time in milliseconds is beyond it. */
const maxSeconds = 253_402_300_799

/**
 * The query of OpenAI's audit log. Undefined: it asks for what cannot be, such as the e-mail address of a key. A
 * parameter that it does not know is refused.
 *
 * @throws CustodyError
 */
export function parseAuditQuery(query: URLSearchParams): AuditQuery | undefined {
  checkParameters(query, known)
  const before = singleParameter(query, 'before')
  const effectiveAt = parseEffectiveAt(query)
  const projects = query.getAll('project_ids[]')
  const names = query.getAll('event_types[]')
  const types = names.flatMap((name) => parseAuditType(name) ?? [])
  const actors = query.getAll('actor_ids[]')
  const resources = query.getAll('resource_ids[]').map((id) => parseFileId(id) ?? id)
  const page = pageQuery(query)
  const ofTenant = singleParameter(query, 'tenant_only') === 'true'
  const cannotBe = names.length > 0 && types.length === 0
  if (ofTenant || cannotBe || query.has('actor_emails[]')) return undefined
  return {
    ...page,
    ...(before !== undefined && { before }),
    ...(effectiveAt && { effectiveAt }),
    ...(projects.length > 0 && { projects }),
    ...(types.length > 0 && { types }),
    ...(actors.length > 0 && { actors }),
    ...(resources.length > 0 && { resources }),
  }
}

function parseEffectiveAt(query: URLSearchParams): AuditQuery['effectiveAt'] {
  const range: Partial<Record<(typeof bounds)[number], number>> = {}
  for (const bound of bounds) {
    const param = `effective_at[${bound}]`
    const text = singleParameter(query, param)
    if (text === undefined) continue
    range[bound] = parseInteger(text, param, { min: 0, max: maxSeconds })
  }
  return range
}
