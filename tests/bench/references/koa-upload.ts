/**
 * R1 and R0: Koa and busboy. The file of the form is gathered and written to one new file, which is synced
 * before the answer (R1) or not (R0). The answer is a File object. No validation, no digest, no rename, no sync of
 * the folder, no keys, no log, no list.
 *
 * BENCH_FOLDER: where the files go. BENCH_FSYNC: `yes` for R1, `no` for R0.
 */
import { randomUUID } from 'node:crypto'
import { close, fsync, open, write } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { busboy, Koa, type KoaContext } from './koa-and-busboy.ts'
import { listen } from './listen.ts'

const folder = process.env.BENCH_FOLDER ?? ''
const durable = process.env.BENCH_FSYNC === 'yes'

/** Writes a new file with plain callbacks: the cheapest way that Node has. */
function store(path: string, content: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    open(path, 'wx', (failed, file) => {
      if (failed) return reject(failed)
      const finish = (error: Error | null) =>
        close(file, (second) => (error || second ? reject(error ?? second) : resolve()))
      write(file, content, (error) => {
        if (error || !durable) finish(error)
        else fsync(file, finish)
      })
    })
  })
}

async function upload(context: KoaContext): Promise<void> {
  const id = randomUUID()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const chunks: Buffer[] = []
  let purpose = ''
  let filename = ''
  const form = busboy({ headers: context.req.headers })
  form.on('field', (name, value) => {
    if (name === 'purpose') purpose = value
  })
  form.on('file', (_name, file, info) => {
    filename = info.filename
    file.on('data', (chunk: Buffer) => chunks.push(chunk))
  })
  form.on('error', reject)
  form.on('close', resolve)
  context.req.pipe(form)
  await promise
  const content = Buffer.concat(chunks)
  await store(join(folder, id), content)
  context.body = {
    id: `file-${id}`,
    object: 'file',
    bytes: content.length,
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
