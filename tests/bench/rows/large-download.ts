import { join } from 'node:path'
import { downloadOf } from '../load/download.ts'
import { uploadOne } from '../load/upload-one.ts'
import { writeRandom } from '../load/write-random.ts'
import type { Row } from './row.ts'

export const largeDownload: Row = {
  name: 'large-download',
  about: 'one large download',
  async measure(bench) {
    const { largeMiB } = bench.options
    const custody = await bench.startCustody()
    const content = { kind: 'random', bytes: largeMiB * 2 ** 20 } as const
    const { id } = await uploadOne(custody, content)
    const file = join(bench.folder('r3'), 'file')
    writeRandom(file, largeMiB)
    const reference = await bench.startReference('raw-download', { BENCH_FILE: file })

    const download = downloadOf(custody.headers, largeMiB)
    const values = await bench.inTurn({
      R3: () => download(reference.address),
      custody: () => download(`${custody.address}/v1/files/${id}/content`),
    })
    return {
      comparisons: [
        {
          name: 'large-download / R3 (`node:http`, a file piped)',
          unit: 'MiB/s',
          ours: values.custody,
          reference: values.R3,
          by: 'ratio',
          bound: { atLeast: 0.8 },
        },
      ],
    }
  },
}
