import { addTypeIssue } from '../add-type-issue.ts'
import { addIssue, type Batch, noteModel } from '../batch.ts'
import { isJsonObject, type JsonObject } from '../json-object.ts'
import { quote } from '../quote.ts'
import type { Endpoint } from './endpoints.ts'

/** `body`: an object, with what its endpoint needs, the model of the other lines, and no streaming. */
export function checkBody(
  batch: Batch,
  body: unknown,
  endpoint: Endpoint | undefined,
  line: number,
): void {
  if (!isJsonObject(body)) {
    addTypeIssue(batch, line, 'body', 'an object', body)
    return
  }
  checkModel(batch, body, endpoint, line)
  if (endpoint?.needsMessages && body.messages === undefined) {
    const message = 'Messages parameter is required.'
    addIssue(batch, line, 'invalid_request', message, 'body.messages')
  }
  if (body.stream === true) {
    const title = endpoint === undefined ? '' : `${endpoint.title}: `
    const message = `${title}Streaming is not supported in the Batch API.`
    addIssue(batch, line, 'streaming_unsupported', message, 'body.stream')
  }
}

function checkModel(
  batch: Batch,
  body: JsonObject,
  endpoint: Endpoint | undefined,
  line: number,
): void {
  const { model } = body
  if (model === undefined || model === '') {
    if (needsModel(endpoint, body)) {
      const message = 'Model parameter is required.'
      addIssue(batch, line, 'invalid_request', message, 'body.model')
    }
  } else if (typeof model !== 'string') {
    addTypeIssue(batch, line, 'body.model', 'a string', model)
  } else if (batch.model === undefined) {
    batch.model = model
    batch.modelLine = line
  } else if (model !== batch.model) {
    if (batch.requireOneModel) {
      const message = `The model ${quote(model)} does not match ${quote(batch.model)} of line ${batch.modelLine}. All requests of a batch must use the same model.`
      addIssue(batch, line, 'mismatched_model', message, 'body.model')
    } else {
      noteModel(batch, model)
    }
  }
}

function needsModel(endpoint: Endpoint | undefined, body: JsonObject): boolean {
  if (endpoint?.needsModel) return true
  return endpoint?.needsModelOrPrompt === true && body.prompt === undefined
}
