import {
  accept,
  FileReadError,
  type Line,
  type PluginFile,
  reject,
  type ValidateContext,
  type Verdict,
} from '@custody/plugin-api'
import { addIssue, type Batch, factsOf, startBatch } from './batch.ts'
import { isJsonObject, typeWithArticle } from './json-object.ts'
import type { BatchOptions } from './options.ts'
import { checkRequest } from './request/check-request.ts'

/**
 * Checks every line of a batch input file and reports all issues, with their lines.
 * Reads the file once, from front to back, and never asks for its size.
 */
export async function validateBatch(
  file: PluginFile,
  context: ValidateContext<BatchOptions>,
): Promise<Verdict> {
  const batch = startBatch(context.options)
  let isWhole: boolean
  try {
    isWhole = await readRequests(file, batch)
  } catch (error) {
    if (!(error instanceof FileReadError)) throw error
    batch.issues.add({ code: error.code, message: error.message, line: error.line })
    return reject(batch.issues)
  }
  if (batch.requests === 0 && isWhole) {
    return reject({
      code: 'empty_file',
      message:
        'The input file is empty. Please ensure that the batch contains at least one request.',
    })
  }
  return batch.issues.total > 0 ? reject(batch.issues) : accept(factsOf(batch))
}

/** Whether the file was read to its end: beyond its bound it is not. */
async function readRequests(file: PluginFile, batch: Batch): Promise<boolean> {
  let blankLine = 0
  for await (const lines of file.lineBatches()) {
    for (const line of lines) {
      if (blankLine !== 0) {
        addIssue(batch, blankLine, 'invalid_json_line', `${NOT_JSON} It is blank.`)
        blankLine = 0
      }
      if (line.number > batch.maxRequests && isBeyond(batch, line)) return false
      const request = parseLine(line.text)
      if (isJsonObject(request)) {
        batch.requests += 1
        checkRequest(batch, request, line.number)
      } else if (request === undefined && line.text.trim() === '') {
        // A blank line is let through at the end of the file only: wait for the next one.
        blankLine = line.number
      } else {
        batch.requests += 1
        addIssue(batch, line.number, 'invalid_json_line', describe(request, line))
      }
    }
  }
  return true
}

const NOT_JSON = 'This line is not parseable as valid JSON.'

/** The value of a line; undefined when it is not JSON. */
function parseLine(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function describe(value: unknown, line: Line): string {
  const why =
    value === undefined
      ? NOT_JSON
      : `${NOT_JSON} Expected an object, but got ${typeWithArticle(value)} instead.`
  // OpenAI's words for an upload that is no JSONL at all; its clients look for them.
  return line.number === 1
    ? `${why} Invalid file format for Batch API. Must be .jsonl`
    : why
}

/** Whether to stop at a line after the last allowed one: at any that is not the blank end of the file. */
function isBeyond(batch: Batch, line: Line): boolean {
  if (line.text.trim() === '') return line.number > batch.maxRequests + 1
  addIssue(
    batch,
    line.number,
    'too_many_tasks',
    `The input file contains more than ${batch.maxRequests} requests, the limit of a batch. Reading stopped here.`,
  )
  return true
}
