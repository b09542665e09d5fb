import { addTypeIssue } from '../add-type-issue.ts'
import { addIssue, type Batch } from '../batch.ts'
import { quote } from '../quote.ts'
import type { Endpoint } from './endpoints.ts'

/**
 * `url`: an endpoint of the Batch API, and the same on every line. The endpoint of the batch itself is
 * not known when its file is uploaded, so the first line's stands for it.
 *
 * @returns the endpoint, when it is one.
 */
export function checkUrl(batch: Batch, url: unknown, line: number): Endpoint | undefined {
  if (url !== undefined && url === batch.url) return batch.endpoint
  if (typeof url !== 'string') {
    addTypeIssue(batch, line, 'url', 'a string', url)
    return undefined
  }
  const endpoint = batch.endpoints.get(url)
  if (endpoint === undefined) {
    const known = [...batch.endpoints.keys()].map(quote).join(', ')
    const message = `Invalid value: ${quote(url)}. Supported values are: ${known}.`
    addIssue(batch, line, 'invalid_url', message, 'url')
  } else if (batch.url === undefined) {
    batch.url = url
    batch.endpoint = endpoint
    batch.urlLine = line
  } else {
    const message = `The URL provided for this request does not match the batch endpoint. It is ${quote(url)}, but line ${batch.urlLine} has ${quote(batch.url)}.`
    addIssue(batch, line, 'invalid_url', message, 'url')
  }
  return endpoint
}
