import { CustodyError, quote } from '@custody/domain/errors'
import type { EventFilter, EventsQuery, FollowQuery, TimeRange } from '@custody/service'
import type { Dialect } from '../../dialects/dialect.ts'
import { cloudEventTypes, parseCloudEventType } from '../../events/cloud-event.ts'
import { parseInteger } from '../values/parse-integer.ts'
import { parseOrder } from '../values/parse-order.ts'
import { parseTime } from '../values/parse-time.ts'
import { parsePosition } from '../values/positions.ts'
import { checkParameters } from './known-parameters.ts'
import { singleParameter } from './single-parameter.ts'

const defaultLimit = 100
const maxLimit = 1_000

const bounds = ['gt', 'gte', 'lt', 'lte'] as const
const page = ['after', 'before', 'order', 'limit', ...bounds.map((one) => `time[${one}]`)]
const ofFile: ReadonlySet<string> = new Set([...page, 'types[]'])
const ofProject: ReadonlySet<string> = new Set([...ofFile, 'file'])

/** The query of a list of events. A parameter that it does not know is refused. @throws CustodyError */
export function parseEventsQuery(query: URLSearchParams, dialect: Dialect): EventsQuery {
  checkParameters(query, ofProject)
  return { ...parsePage(query), ...parseFilter(query, dialect) }
}

/** The same where the path names the file. */
export function parseFileEventsQuery(
  query: URLSearchParams,
  dialect: Dialect,
): EventsQuery {
  checkParameters(query, ofFile)
  return { ...parsePage(query), ...parseFilter(query, dialect) }
}

const notLive = ['before', 'order', 'limit', 'time[lt]', 'time[lte]']

/**
 * The query of a live stream, which begins somewhere and has no end. `lastEventId`: the header, which goes before
 * `after`, because a client that connects again sends the URL that it was given.
 *
 * @throws CustodyError
 */
export function parseFollowQuery(
  query: URLSearchParams,
  lastEventId: string | undefined,
  dialect: Dialect,
): FollowQuery {
  const { after, time, types, file } = parseEventsQuery(query, dialect)
  for (const param of notLive) {
    if (!query.has(param)) continue
    throw new CustodyError(
      'invalid_value',
      `Invalid '${param}': a live stream (Accept: text/event-stream) has no end, order or pages.`,
      { param },
    )
  }
  const filter = { ...(types && { types }), ...(file !== undefined && { file }) }
  if (lastEventId !== undefined && lastEventId !== '') {
    const afterName = 'Last-Event-ID'
    return { ...filter, after: parsePosition(lastEventId, afterName), afterName }
  }
  return { ...filter, ...(after !== undefined && { after }), ...(time && { time }) }
}

function parsePage(query: URLSearchParams): EventsQuery {
  const limit = singleParameter(query, 'limit')
  const after = singleParameter(query, 'after')
  const before = singleParameter(query, 'before')
  const time = parseRange(query)
  return {
    order: parseOrder(singleParameter(query, 'order'), 'asc'),
    limit:
      limit === undefined
        ? defaultLimit
        : parseInteger(limit, 'limit', { min: 1, max: maxLimit }),
    ...(after !== undefined && { after: parsePosition(after, 'after') }),
    ...(before !== undefined && { before: parsePosition(before, 'before') }),
    ...(time && { time }),
  }
}

function parseRange(query: URLSearchParams): TimeRange | undefined {
  const range: { -readonly [K in keyof TimeRange]: TimeRange[K] } = {}
  for (const bound of bounds) {
    const param = `time[${bound}]`
    const text = singleParameter(query, param)
    if (text !== undefined) range[bound] = parseTime(text, param)
  }
  return Object.keys(range).length === 0 ? undefined : range
}

function parseFilter(query: URLSearchParams, dialect: Dialect): EventFilter {
  const names = query.getAll('types[]')
  const file = singleParameter(query, 'file')
  const types = names.map((name) => {
    const type = parseCloudEventType(name)
    if (type !== undefined) return type
    throw new CustodyError(
      'invalid_value',
      `Invalid value: ${quote(name)}. Supported values are: ${cloudEventTypes.map(quote).join(', ')}.`,
      { param: 'types[]' },
    )
  })
  return {
    ...(types.length > 0 && { types: [...new Set(types)] }),
    ...(file !== undefined && { file: parseFile(file, dialect) }),
  }
}

function parseFile(text: string, dialect: Dialect): string {
  const id = dialect.parseId(text)
  if (id !== undefined) return id
  throw new CustodyError(
    'invalid_value',
    `Invalid 'file': expected the id of a file, but got ${quote(text)} instead.`,
    { param: 'file' },
  )
}
