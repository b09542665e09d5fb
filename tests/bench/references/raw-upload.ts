/**
 * R2: bare `node:http`. The body, raw and no form, is piped to one new file, which is synced once before the
 * answer. No check of anything, no digest, no rename, no sync of the folder, no log.
 *
 * BENCH_FOLDER: where the files go.
 */
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { listen } from './listen.ts'

const folder = process.env.BENCH_FOLDER ?? ''

listen(
  createServer(async (request, response) => {
    const path = join(folder, randomUUID())
    await pipeline(request, createWriteStream(path, { flags: 'wx', flush: true }))
    response.setHeader('content-type', 'application/json')
    response.end('{"object":"file"}')
  }),
)
