/** What a batch line for an endpoint must hold beside `custom_id`, `method`, `url` and `body`. */
export type Endpoint = {
  /** Its name in OpenAI's sentences about it. */
  readonly title: string
  /** `body.model` has no default. */
  readonly needsModel?: true
  /** `body.model` has no default unless `body.prompt` names a stored prompt, which brings one. */
  readonly needsModelOrPrompt?: true
  /** `body.messages` must be there. */
  readonly needsMessages?: true
}

/** Endpoints of the Batch API (https://platform.openai.com/docs/api-reference/batch/create). */
export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/v1/responses', { title: 'Responses', needsModelOrPrompt: true }],
  [
    '/v1/chat/completions',
    { title: 'Chat Completions', needsModel: true, needsMessages: true },
  ],
  ['/v1/embeddings', { title: 'Embeddings', needsModel: true }],
  ['/v1/completions', { title: 'Completions', needsModel: true }],
  ['/v1/moderations', { title: 'Moderations' }],
  ['/v1/images/generations', { title: 'Image Generations' }],
  ['/v1/images/edits', { title: 'Image Edits' }],
  ['/v1/videos', { title: 'Videos' }],
])

/** The standard endpoints and those of the plugin's options, about whose bodies nothing is known. */
export function endpointsWith(
  more: readonly string[] | undefined,
): ReadonlyMap<string, Endpoint> {
  if (more === undefined || more.length === 0) return ENDPOINTS
  const endpoints = new Map(ENDPOINTS)
  for (const url of more) {
    if (!endpoints.has(url)) endpoints.set(url, { title: url })
  }
  return endpoints
}
