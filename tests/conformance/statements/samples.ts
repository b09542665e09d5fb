/** Content that the validators of the purposes take. */
export const batchLine =
  '{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"Hello"}]}}\n'

export const chatExample =
  '{"messages":[{"role":"user","content":"Hello"},{"role":"assistant","content":"Hi"}]}\n'

export const completionExample = '{"prompt":"Hello","completion":"Hi"}\n'

/** One pixel. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** A PDF with one empty page. */
export const pdf = Buffer.from(
  [
    '%PDF-1.4',
    '1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj',
    '2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj',
    '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj',
    'xref',
    '0 4',
    '0000000000 65535 f ',
    '0000000009 00000 n ',
    '0000000052 00000 n ',
    '0000000101 00000 n ',
    'trailer<</Size 4/Root 1 0 R>>',
    'startxref',
    '160',
    '%%EOF',
    '',
  ].join('\n'),
)

/** A file that each purpose takes. */
export const fileFor: Readonly<
  Record<string, { readonly filename: string; readonly content: string | Buffer }>
> = {
  assistants: { filename: 'handbook.pdf', content: pdf },
  user_data: { filename: 'note.txt', content: 'Hello' },
  vision: { filename: 'dot.png', content: png },
  batch: { filename: 'batch.jsonl', content: batchLine },
  'fine-tune': { filename: 'train.jsonl', content: chatExample.repeat(10) },
  evals: { filename: 'evals.jsonl', content: '{"item":{"a":1}}\n' },
}

/** An upload that the purpose takes. @throws Error for a purpose that is not in {@link fileFor} */
export function uploadFor(purpose: string): {
  readonly purpose: string
  readonly filename: string
  readonly content: string | Buffer
} {
  const file = fileFor[purpose]
  if (file === undefined) throw new Error(`no file for ${purpose}`)
  return { purpose, ...file }
}
