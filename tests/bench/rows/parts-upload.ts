import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { removeFile } from '../load/remove-file.ts'
import { transfer } from '../load/transfer.ts'
import { uploadInParts } from '../load/upload-parts.ts'
import type { Row } from './row.ts'

/** Parts that are sent at once. */
const PARALLEL = 4

export const partsUpload: Row = {
  name: 'parts-upload',
  about:
    'a file of eight times the large size through the Uploads API, sealed, 4 parts at once',
  async measure(bench) {
    const mebibytes = 8 * bench.options.largeMiB
    const content = { kind: 'random', bytes: mebibytes * 2 ** 20 } as const
    const custody = await bench.startCustody({ seal: 'compress+encrypt' })
    const folder = bench.folder('r2')
    const reference = await bench.startReference('raw-upload', { BENCH_FOLDER: folder })
    const values = await bench.inTurn({
      async R2() {
        const { milliseconds } = await transfer({
          url: reference.address,
          method: 'POST',
          headers: { 'content-type': 'application/octet-stream' },
          body: { before: '', content, after: '' },
        })
        removeAll(folder)
        return mebibytes / (milliseconds / 1000)
      },
      async custody() {
        const { id, milliseconds } = await uploadInParts(custody, content, PARALLEL)
        await removeFile(custody, id)
        return mebibytes / (milliseconds / 1000)
      },
    })
    return {
      comparisons: [
        {
          name: 'parts-upload / R2 (`node:http`, body to a file, one fsync)',
          unit: 'MiB/s',
          ours: values.custody,
          reference: values.R2,
          by: 'ratio',
          bound: { atLeast: 0.8 },
        },
      ],
    }
  },
}

function removeAll(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name))
}
