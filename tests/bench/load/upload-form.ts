import { batchLines } from './batch-lines.ts'

const BOUNDARY = 'custody-bench-5a0e3c1f7d924b68'

/** The content type of {@link uploadForm}. */
export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`

/** What stands around the content of a file in a form, in the order of openai-python: text fields first. */
export function uploadForm(purpose: string, filename: string) {
  return {
    before: [
      `--${BOUNDARY}`,
      'Content-Disposition: form-data; name="purpose"',
      '',
      purpose,
      `--${BOUNDARY}`,
      `Content-Disposition: form-data; name="file"; filename="${filename}"`,
      'Content-Type: application/octet-stream',
      '',
      '',
    ].join('\r\n'),
    after: `\r\n--${BOUNDARY}--\r\n`,
  }
}

/** What stands around the content of a part of an upload. */
export function partForm() {
  return {
    before: [
      `--${BOUNDARY}`,
      'Content-Disposition: form-data; name="data"; filename="part"',
      'Content-Type: application/octet-stream',
      '',
      '',
    ].join('\r\n'),
    after: `\r\n--${BOUNDARY}--\r\n`,
  }
}

/** The form of the small uploads: 4 KiB of batch input, 30 lines. */
export function batchForm() {
  const { before, after } = uploadForm('batch', 'requests.jsonl')
  return {
    headers: { 'content-type': FORM_TYPE },
    body: Buffer.concat([Buffer.from(before), batchLines(30, 4096), Buffer.from(after)]),
  }
}
