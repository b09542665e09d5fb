import { randomFillSync } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { toFileId } from '@custody/domain'
import type { EventLog } from '@custody/event-log'
import { asking, ids, openLog } from './open-log.ts'

/** A data folder with many files. */
export type FilledLog = {
  readonly dataDir: string
  readonly database: string
  /** The id, as clients see it, of the n-th file, from 0, in the order of upload. */
  idOf(n: number): string
}

/** Appends that wait at the same time: enough for full batches. */
const CONCURRENCY = 512

const CONTENT_BYTES = 64

/**
 * Makes a data folder whose project `default` has `files` batch files: real events, private data and inline
 * content, through the log's own append. Only the HTTP layer and the plugins are left out.
 */
export async function fillLog(
  dataDir: string,
  files: number,
  report: (line: string) => void,
): Promise<FilledLog> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const database = join(dataDir, 'custody.db')
  const log = await openLog(database)
  const started = performance.now()
  const made: string[] = []
  try {
    await createDefaultProject(log)
    await appendUploads(log, files, (file) => {
      made.push(file)
      if (made.length % 100_000 === 0) report(`  ${made.length} files`)
    })
  } finally {
    await log.close()
  }
  const seconds = (performance.now() - started) / 1000
  report(`  filled with ${files} files, ${Math.round(files / seconds)} events/s`)
  return {
    dataDir,
    database,
    idOf(n) {
      const file = made[n]
      if (file === undefined) throw new RangeError(`There is no file ${n} of ${files}`)
      return toFileId(file)
    },
  }
}

export async function createDefaultProject(log: EventLog): Promise<void> {
  await log.append({
    ...asking('system'),
    command: {
      type: 'CreateProject',
      id: 'default',
      name: 'Default project',
      dialect: 'openai',
      limits: {},
    },
  })
}

/** Uploads of small files into the project `default`, many at the same time. `onFile` is told each id. */
export async function appendUploads(
  log: EventLog,
  files: number,
  onFile: (id: string) => void = () => {},
): Promise<void> {
  const content = randomFillSync(new Uint8Array(CONTENT_BYTES))
  let begun = 0
  const worker = async () => {
    while (begun < files) {
      begun += 1
      const file = ids.uuid()
      onFile(file)
      await log.append(uploadOf(file), [content])
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}

/** What the service asks of the log for a small upload. */
function uploadOf(file: string) {
  const sha256 = 'a1'.repeat(32)
  return {
    ...asking('key:key_00000000000000000000000000000000'),
    command: {
      type: 'UploadFile',
      file,
      purpose: 'batch',
      bytes: CONTENT_BYTES,
      expiry: { afterSeconds: 30 * 24 * 60 * 60, policy: 'purpose' },
      filename: 'requests.jsonl',
      sha256,
      declaredType: 'application/octet-stream',
      extents: [{ id: file, bytes: CONTENT_BYTES, sha256 }],
      places: [{ place: 'inline', format: 'plain', storedBytes: CONTENT_BYTES }],
      facts: {
        '@custody/plugin-batch-jsonl': {
          requests: 30,
          endpoint: '/v1/chat/completions',
          models: ['gpt-4o-mini'],
        },
      },
      validatedBy: [{ plugin: '@custody/plugin-batch-jsonl', version: '1.0.0' }],
    },
  }
}
