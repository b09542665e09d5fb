import { addTypeIssue } from '../add-type-issue.ts'
import { addIssue, type Batch } from '../batch.ts'
import type { JsonObject } from '../json-object.ts'
import { quote } from '../quote.ts'
import { checkBody } from './check-body.ts'
import { checkCustomId } from './check-custom-id.ts'
import { checkUrl } from './check-url.ts'

/** One request line: `{custom_id, method, url, body}`. Further keys are let through. */
export function checkRequest(batch: Batch, request: JsonObject, line: number): void {
  checkCustomId(batch, request.custom_id, line)
  checkMethod(batch, request.method, line)
  const endpoint = checkUrl(batch, request.url, line)
  checkBody(batch, request.body, endpoint, line)
}

function checkMethod(batch: Batch, method: unknown, line: number): void {
  if (method === 'POST') return
  if (typeof method !== 'string') {
    addTypeIssue(batch, line, 'method', 'a string', method)
  } else {
    const message = `Invalid value: ${quote(method)}. Supported values are: 'POST'.`
    addIssue(batch, line, 'invalid_method', message, 'method')
  }
}
