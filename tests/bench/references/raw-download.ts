/**
 * R3: bare `node:http`. Every request is answered with one file, piped from the disk, with its length. No
 * ranges, no digest, no lookup.
 *
 * BENCH_FILE: the file.
 */
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { listen } from './listen.ts'

const path = process.env.BENCH_FILE ?? ''
const { size } = statSync(path)

listen(
  createServer(async (_request, response) => {
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': size,
    })
    await pipeline(createReadStream(path), response)
  }),
)
