import type { ApiClient } from '@custody/testkit'

/** A CloudEvent as it comes over the wire. */
export type WireEvent = {
  readonly specversion: string
  readonly id: string
  readonly type: string
  readonly source: string
  readonly subject: string
  readonly time: string
  readonly datacontenttype: string
  readonly position: string
  readonly actor: string
  readonly requestid: string
  readonly data: Readonly<Record<string, unknown>>
}

export type EventList = {
  readonly object: string
  readonly data: readonly WireEvent[]
  readonly first_id: string | null
  readonly last_id: string | null
  readonly has_more: boolean
}

/** One page; `path` with its query. @throws Error where it is refused */
export async function listEvents(api: ApiClient, path: string): Promise<EventList> {
  const answer = await api.call('GET', path)
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  return answer.json<EventList>()
}

/** Uploads a small file. Resolves to its id. */
export async function upload(
  api: ApiClient,
  {
    filename = 'a.txt',
    purpose = 'user_data',
    fields = [],
  }: {
    readonly filename?: string
    readonly purpose?: string
    readonly fields?: readonly (readonly [string, string])[]
  } = {},
): Promise<string> {
  const answer = await api.upload({ purpose, filename, content: 'Hello', fields })
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  return answer.json().id
}
