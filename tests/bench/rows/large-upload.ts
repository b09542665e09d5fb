import { transfer } from '../load/transfer.ts'
import { uploadOne } from '../load/upload-one.ts'
import type { Row } from './row.ts'

export const largeUpload: Row = {
  name: 'large-upload',
  about: 'one large upload of user_data',
  async measure(bench) {
    const { largeMiB } = bench.options
    const content = { kind: 'random', bytes: largeMiB * 2 ** 20 } as const
    const custody = await bench.startCustody()
    const reference = await bench.startReference('raw-upload', {
      BENCH_FOLDER: bench.folder('r2'),
    })
    const values = await bench.inTurn({
      async R2() {
        const { milliseconds } = await transfer({
          url: reference.address,
          method: 'POST',
          headers: { 'content-type': 'application/octet-stream' },
          body: { before: '', content, after: '' },
        })
        return milliseconds / 1000
      },
      async custody() {
        const { milliseconds } = await uploadOne(custody, content)
        return milliseconds / 1000
      },
    })
    return {
      comparisons: [
        {
          name: 'large-upload / R2 (`node:http`, body to a file, one fsync)',
          unit: 's',
          ours: values.custody,
          reference: values.R2,
          by: 'ratio',
          bound: { atMost: 1.15 },
        },
      ],
    }
  },
}
