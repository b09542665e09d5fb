import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  type Answer,
  type ApiClient,
  clientForms,
  environment,
  makeTemporaryFolder,
  RawConnection,
  removeFolder,
  requestHead,
} from '@custody/testkit'

/** A JSON object as it comes over the wire. */
export type Json = Readonly<Record<string, unknown>>

/** A File object of any dialect. */
export type AnyFile = Json & { readonly id: string }

/** A list page of any dialect. */
export type AnyList = Json & { readonly data: readonly AnyFile[] }

export const MiB = 2 ** 20

/** Uploads what must be taken. */
export async function uploaded(
  api: ApiClient,
  form: Parameters<ApiClient['upload']>[0],
): Promise<AnyFile> {
  const answer = await api.upload(form)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<AnyFile>()
}

/** A list page that must be answered. */
export async function listed(api: ApiClient, query = ''): Promise<AnyList> {
  const answer = await api.call('GET', `/v1/files${query === '' ? '' : `?${query}`}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<AnyList>()
}

/** The ids on a page. */
export const idsOf = ({ data }: AnyList): string[] => data.map(({ id }) => id)

/** Asserts a refusal: its status and members of its envelope, the message by an expression. */
export function isRefused(
  answer: Answer,
  expected: {
    readonly status: number
    readonly type?: string
    readonly code?: string | null
    readonly param?: string | null
    readonly message?: RegExp
  },
): void {
  assert.equal(answer.status, expected.status, answer.text)
  const error = answer.error()
  const { message, ...same } = expected
  for (const [member, value] of Object.entries(same)) {
    assert.equal(Object(error)[member], value, `${member} of ${answer.text}`)
  }
  if (message !== undefined) assert.match(error.message, message)
  for (const member of ['message', 'type', 'param', 'code']) {
    assert.ok(member in error, `${member} is in ${answer.text}`)
  }
}

/** What an upload is answered that announces a body of so many bytes and waits (`Expect: 100-continue`). */
export async function announced(
  address: string,
  key: string,
  bytes: number,
): Promise<Answer> {
  const connection = await RawConnection.open(address)
  try {
    return await connection
      .send(
        requestHead(
          'POST /v1/files',
          `Authorization: Bearer ${key}`,
          'Content-Type: multipart/form-data; boundary=b',
          `Content-Length: ${bytes}`,
          'Expect: 100-continue',
        ),
      )
      .answer()
  } finally {
    connection.vanish()
  }
}

/** What a form may have beside its file, where only the length of both is known yet. */
export const formOverhead = 64 * 1024

/** Asserts that files of up to so many bytes may be uploaded, and none that is larger. */
export async function takesUpTo(
  { address }: { readonly address: string },
  key: string,
  bytes: number,
  status = 413,
): Promise<Answer> {
  const most = await announced(address, key, bytes + formOverhead)
  assert.equal(most.status, 100, most.text)
  const more = await announced(address, key, bytes + formOverhead + 1)
  isRefused(more, {
    status,
    code: 'file_too_large',
    message: new RegExp(`at most ${bytes} bytes .*has ${bytes + formOverhead + 1}`),
  })
  return more
}

/** Uploads so many zeros for a batch, in chunks. */
export async function uploadZeros(
  address: string,
  key: string,
  bytes: number,
): Promise<Answer> {
  const { contentType, body } = clientForms.curl({
    purpose: 'batch',
    filename: 'batch.jsonl',
    content: '\0',
  })
  const at = body.indexOf(0)
  const connection = await RawConnection.open(address)
  try {
    connection.send(
      requestHead(
        'POST /v1/files',
        `Authorization: Bearer ${key}`,
        `Content-Type: ${contentType}`,
        `Content-Length: ${body.length - 1 + bytes}`,
      ),
      body.subarray(0, at),
    )
    const zeros = Buffer.alloc(MiB)
    for (let left = bytes; left > 0; left -= zeros.length) {
      connection.send(zeros.subarray(0, Math.min(left, zeros.length)))
      if (connection.socket.writableNeedDrain) {
        await new Promise((resolve) => connection.socket.once('drain', resolve))
      }
    }
    return await connection.send(body.subarray(at + 1)).answer()
  } finally {
    connection.vanish()
  }
}

/** Files for a batch end in .jsonl, and have 200 MiB at most. */
export async function takesBatchesUpTo200MiB(
  { address }: { readonly address: string },
  { key, api }: { readonly key: string; readonly api: ApiClient },
  line: string,
): Promise<void> {
  const text = { purpose: 'batch', filename: 'batch.txt', content: line }
  isRefused(await api.upload(text), { status: 400, code: 'invalid_extension' })
  const most = 200 * MiB
  isRefused(await uploadZeros(address, key, most + 1), {
    status: 413,
    code: 'file_too_large',
    message: new RegExp(
      `'batch' of dialect '\\S+' takes at most ${most} bytes .*has (at least )?${most + 1}`,
    ),
  })
}

/** Runs lines of a document in a shell, in a folder with these files. */
export async function shell(
  lines: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<string> {
  const folder = makeTemporaryFolder()
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
    }
    const child = spawn('bash', ['-c', `set -e\n${lines}`], {
      cwd: folder,
      env: environment({}),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve) => child.once('close', resolve)),
    ])
    assert.equal(code, 0, stderr)
    return stdout
  } finally {
    removeFolder(folder)
  }
}

/** Replaces each of these texts, every one of which must be there. */
export function replaced(
  lines: string,
  ...pairs: readonly (readonly [from: string, to: string])[]
): string {
  let result = lines
  for (const [from, to] of pairs) {
    assert.ok(result.includes(from), `"${from}" is in the example`)
    result = result.replaceAll(from, to)
  }
  return result
}
