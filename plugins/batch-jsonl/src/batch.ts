import { collectIssues, type Facts, type IssueCollector } from '@custody/plugin-api'
import type { IssueCode } from './issue-codes.ts'
import { type BatchOptions, DEFAULT_MAX_REQUESTS } from './options.ts'
import { type Endpoint, endpointsWith } from './request/endpoints.ts'

/** What is known of a batch file while its lines are read. */
export type Batch = {
  readonly endpoints: ReadonlyMap<string, Endpoint>
  readonly maxRequests: number
  readonly requireOneModel: boolean
  readonly issues: IssueCollector
  /** Line of the first use of each `custom_id`, or of its hash. */
  readonly firstUses: Map<string, number>
  /** Lines that are not blank. */
  requests: number
  /** The first known `url`, which all others must equal, what it stands for, and its line. */
  url: string | undefined
  endpoint: Endpoint | undefined
  urlLine: number
  /** The first `body.model`, which all others must equal, and its line. */
  model: string | undefined
  modelLine: number
  /** Models other than the first, when several are allowed. At most {@link MAX_MODELS} − 1. */
  readonly otherModels: Set<string>
}

const MAX_MODELS = 16
/** Facts have a bound of 8 KiB, and a model's name has none. */
const MAX_MODELS_BYTES = 4096

export function startBatch(options: BatchOptions): Batch {
  return {
    endpoints: endpointsWith(options.endpoints),
    maxRequests: options.maxRequests ?? DEFAULT_MAX_REQUESTS,
    requireOneModel: options.requireOneModel ?? true,
    issues: collectIssues(),
    firstUses: new Map(),
    requests: 0,
    url: undefined,
    endpoint: undefined,
    urlLine: 0,
    model: undefined,
    modelLine: 0,
    otherModels: new Set(),
  }
}

/** Reports an issue of a line. */
export function addIssue(
  batch: Batch,
  line: number,
  code: IssueCode,
  message: string,
  param?: string,
): void {
  batch.issues.add(
    param === undefined ? { code, message, line } : { code, message, param, line },
  )
}

/** Notes a model beside the first. */
export function noteModel(batch: Batch, model: string): void {
  if (batch.otherModels.size < MAX_MODELS - 1) batch.otherModels.add(model)
}

/** `requests`, `endpoint` and `models` (the first 16 different ones, as far as they fit). */
export function factsOf(batch: Batch): Facts {
  const models: string[] = []
  let room = MAX_MODELS_BYTES
  for (const model of [batch.model, ...batch.otherModels]) {
    if (model === undefined) continue
    room -= Buffer.byteLength(JSON.stringify(model))
    if (room >= 0) models.push(model)
  }
  return { requests: batch.requests, endpoint: batch.url ?? null, models }
}
