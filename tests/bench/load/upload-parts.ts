import type { Custody } from '../servers/custody.ts'
import { type Content, type TransferReport, transfer } from './transfer.ts'
import { FORM_TYPE, partForm } from './upload-form.ts'
import type { Uploaded } from './upload-one.ts'

/** Of one part, as openai-python cuts them. */
export const PART_BYTES = 64 * 2 ** 20

/**
 * Uploads content through the Uploads API, `parallel` parts at once, each over a connection of its own. The time is that
 * of all requests, from the creation to the completion.
 */
export async function uploadInParts(
  custody: Custody,
  { kind, bytes }: Exclude<Content, { kind: 'batch-lines' }>,
  parallel: number,
): Promise<Uploaded> {
  let milliseconds = 0
  const ask = async (path: string, rest: object): Promise<TransferReport> => {
    const report = await transfer({
      url: `${custody.address}/v1/uploads${path}`,
      method: 'POST',
      headers: { ...custody.headers, 'content-type': 'application/json' },
      ...rest,
    })
    milliseconds += report.milliseconds
    return report
  }
  const asJson = (value: object) => ({
    body: {
      before: JSON.stringify(value),
      content: { kind: 'random', bytes: 0 },
      after: '',
    },
  })
  const declared = {
    ...{ bytes, filename: 'data.bin', purpose: 'user_data' },
    mime_type: 'application/octet-stream',
  }
  const created = await ask('', asJson(declared))
  const { id: upload } = idIn(created.answers[0])
  const parts = await ask(`/${upload}/parts`, {
    headers: { ...custody.headers, 'content-type': FORM_TYPE },
    body: { ...partForm(), content: { kind, bytes: Math.min(bytes, PART_BYTES) } },
    parallel,
    count: Math.ceil(bytes / PART_BYTES),
  })
  const part_ids = parts.answers.map((answer) => idIn(answer).id)
  const completed = await ask(`/${upload}/complete`, asJson({ part_ids }))
  const { file } = idIn(completed.answers[0])
  return { id: file?.id ?? '', json: JSON.stringify(file), milliseconds }
}

function idIn(answer: TransferReport['answers'][number] | undefined): {
  id: string
  file?: { id: string }
} {
  return JSON.parse(answer?.text ?? '')
}
