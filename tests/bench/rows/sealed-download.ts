import { join } from 'node:path'
import { downloadOf } from '../load/download.ts'
import { uploadOne } from '../load/upload-one.ts'
import { writeRandom } from '../load/write-random.ts'
import { contentName, kinds } from './content-kinds.ts'
import type { Row } from './row.ts'

export const sealedDownload: Row = {
  name: 'sealed-download',
  about: 'one large download of content that is compressed and encrypted',
  async measure(bench) {
    const { largeMiB } = bench.options
    const custody = await bench.startCustody({ seal: 'compress+encrypt' })
    const file = join(bench.folder('r3'), 'file')
    writeRandom(file, largeMiB)
    const reference = await bench.startReference('raw-download', { BENCH_FILE: file })
    const download = downloadOf(custody.headers, largeMiB)
    const comparisons = []
    for (const kind of kinds) {
      const { id } = await uploadOne(custody, { kind, bytes: largeMiB * 2 ** 20 })
      const values = await bench.inTurn({
        R3: () => download(reference.address),
        [kind]: () => download(`${custody.address}/v1/files/${id}/content`),
      })
      comparisons.push({
        name: `sealed-download of ${contentName[kind]} / R3 (\`node:http\`, a file piped)`,
        unit: 'MiB/s',
        ours: values[kind] ?? [],
        reference: values.R3 ?? [],
        by: 'ratio',
        bound: { atLeast: 0.6 },
      } as const)
    }
    return { comparisons }
  },
}
