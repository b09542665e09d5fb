import { uploadOne } from '../load/upload-one.ts'
import { contentName, kinds } from './content-kinds.ts'
import type { Row } from './row.ts'

export const sealedUpload: Row = {
  name: 'sealed-upload',
  about: 'one large upload of user_data, compressed and encrypted',
  async measure(bench) {
    const bytes = bench.options.largeMiB * 2 ** 20
    const plain = await bench.startCustody()
    const sealed = await bench.startCustody({ seal: 'compress+encrypt' })
    const comparisons = []
    for (const kind of kinds) {
      const upload = async (custody: typeof plain) => {
        const { milliseconds } = await uploadOne(custody, { kind, bytes })
        return milliseconds / 1000
      }
      const values = await bench.inTurn({
        [`plain, ${kind}`]: () => upload(plain),
        [`sealed, ${kind}`]: () => upload(sealed),
      })
      comparisons.push({
        name: `sealed-upload of ${contentName[kind]} / the same, not sealed`,
        unit: 's',
        ours: values[`sealed, ${kind}`] ?? [],
        reference: values[`plain, ${kind}`] ?? [],
        by: 'ratio',
        bound: { atMost: 1.3 },
      } as const)
    }
    return { comparisons }
  },
}
