import { uploadOne } from '../load/upload-one.ts'
import type { Row } from './row.ts'

const content = { kind: 'batch-lines', lines: 50_000, bytes: 200 * 2 ** 20 } as const

export const largeBatch: Row = {
  name: 'large-batch',
  about: 'one upload of 200 MiB of batch input, 50,000 lines, all checked',
  async measure(bench) {
    const custody = await bench.startCustody()
    const upload = async (purpose: 'batch' | 'user_data') => {
      const { milliseconds } = await uploadOne(custody, content, purpose)
      return milliseconds / 1000
    }
    const values = await bench.inTurn({
      user_data: () => upload('user_data'),
      batch: () => upload('batch'),
    })
    return {
      comparisons: [
        {
          name: 'large-batch / the same bytes as user_data',
          unit: 's',
          ours: values.batch,
          reference: values.user_data,
          by: 'ratio',
          bound: { atMost: 1.5 },
        },
      ],
    }
  },
}
