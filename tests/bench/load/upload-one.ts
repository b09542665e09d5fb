import type { Custody } from '../servers/custody.ts'
import { type Content, transfer } from './transfer.ts'
import { FORM_TYPE, uploadForm } from './upload-form.ts'

/** A file that was uploaded. */
export type Uploaded = {
  readonly id: string
  /** The File object, as it was answered. */
  readonly json: string
  readonly milliseconds: number
}

/** Uploads content to Custody; for `batch` it must be batch input. */
export async function uploadOne(
  custody: Custody,
  content: Content,
  purpose: 'user_data' | 'batch' = 'user_data',
): Promise<Uploaded> {
  const { milliseconds, answers } = await uploadSeveral(custody, content, purpose, 1)
  const json = answers[0]?.text ?? ''
  const { id }: { id: string } = JSON.parse(json)
  return { id, json, milliseconds }
}

/** The same content several times at once. */
export async function uploadSeveral(
  custody: Custody,
  content: Content,
  purpose: 'user_data' | 'batch',
  parallel: number,
) {
  const filename = purpose === 'batch' ? 'requests.jsonl' : 'data.bin'
  return await transfer({
    url: `${custody.address}/v1/files`,
    method: 'POST',
    headers: { ...custody.headers, 'content-type': FORM_TYPE },
    body: { ...uploadForm(purpose, filename), content },
    parallel,
  })
}
