/** Of two words; any other type begins with a thing of one. */
const things = /^(ServiceAccount|ApiKey|PrivateData|MasterKey|[A-Z][a-z]+)/

/**
 * A type of events as the outside sees it, a thing and what happened to it: `FileUploaded` is `file.uploaded`,
 * `ApiKeyCreated` is `api_key.created`.
 */
export function eventName(type: string): string {
  const thing = things.exec(type)?.[0] ?? ''
  return `${toSnake(thing)}.${toSnake(type.slice(thing.length))}`
}

function toSnake(words: string): string {
  return words.replaceAll(/(?<!^)[A-Z]/g, '_$&').toLowerCase()
}
