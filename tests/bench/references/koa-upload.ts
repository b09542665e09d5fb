/**
 * R1 and R0: Koa and busboy. The file of the form is written to one new file as it arrives, which is synced before
 * the answer (R1) or not (R0). The answer is a File object. No validation, no digest, no rename, no sync of the
 * folder, no keys, no log, no list.
 *
 * Of three ways to write it this was the fastest, and holds no file in memory: `pipeline` into a write stream
 * came to nine tenths of it, plain callbacks on the gathered content to the same.
 *
 * BENCH_FOLDER: where the files go. BENCH_FSYNC: `yes` for R1, `no` for R0.
 */
import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { busboy, Koa, type KoaContext } from './koa-and-busboy.ts'
import { listen } from './listen.ts'

const folder = process.env.BENCH_FOLDER ?? ''
const durable = process.env.BENCH_FSYNC === 'yes'

/** Resolves to the number of bytes. */
async function store(content: Readable, path: string): Promise<number> {
  const file = await open(path, 'wx')
  let bytes = 0
  try {
    for await (const chunk of content) {
      await file.write(chunk)
      bytes += chunk.length
    }
    if (durable) await file.sync()
  } finally {
    await file.close()
  }
  return bytes
}

async function upload(context: KoaContext): Promise<void> {
  const id = randomUUID()
  const parsed = Promise.withResolvers<void>()
  let stored: Promise<number> | undefined
  let purpose = ''
  let filename = ''
  const form = busboy({ headers: context.req.headers })
  form.on('field', (name, value) => {
    if (name === 'purpose') purpose = value
  })
  form.on('file', (_name, content, info) => {
    filename = info.filename
    stored = store(content, join(folder, id))
  })
  form.on('error', parsed.reject)
  form.on('close', parsed.resolve)
  context.req.pipe(form)
  await parsed.promise
  context.body = {
    id: `file-${id}`,
    object: 'file',
    bytes: await stored,
    created_at: Math.floor(Date.now() / 1000),
    filename,
    purpose,
    status: 'processed',
    status_details: null,
  }
}

const app = new Koa()
app.use(upload)
listen(createServer(app.callback()))
