import { rangeTimes } from '../load/range-times.ts'
import { removeFile } from '../load/remove-file.ts'
import { uploadInParts } from '../load/upload-parts.ts'
import { contentName, kinds } from './content-kinds.ts'
import type { Row } from './row.ts'

const MiB = 2 ** 20

export const lastRange: Row = {
  name: 'last-range',
  about: 'the last MiB of a sealed file of eight times the large size',
  async measure(bench) {
    const bytes = 8 * bench.options.largeMiB * MiB
    const custody = await bench.startCustody({ seal: 'compress+encrypt' })
    const { headers } = custody
    const comparisons = []
    for (const kind of kinds) {
      const { id } = await uploadInParts(custody, { kind, bytes }, 4)
      const url = `${custody.address}/v1/files/${id}/content`
      const values = await rangeTimes(
        bench,
        { url, headers },
        { ours: { start: bytes - MiB, end: bytes }, reference: { start: 0, end: MiB } },
      )
      await removeFile(custody, id)
      comparisons.push({
        name: `last-range of ${contentName[kind]} / the first MiB`,
        unit: 'ms',
        ...values,
        by: 'ratio',
        bound: { atMost: 1.5 },
      } as const)
    }
    return { comparisons }
  },
}
