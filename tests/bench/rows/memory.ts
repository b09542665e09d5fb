import { uploadOne, uploadSeveral } from '../load/upload-one.ts'
import { measureGrowth, needsLinux } from './memory-growth.ts'
import type { Row } from './row.ts'

const MiB = 2 ** 20

export const memory: Row = {
  name: 'memory',
  about: 'peak of resident memory while large files arrive, above what it is when idle',
  async measure(bench) {
    if (process.platform !== 'linux') return { comparisons: [], missing: needsLinux }
    const { largeMiB } = bench.options
    const one = await measureGrowth(bench, `one upload of ${largeMiB} MiB`, {
      work: (custody) => uploadOne(custody, { kind: 'random', bytes: largeMiB * MiB }),
    })
    const many = await measureGrowth(bench, `32 uploads of ${largeMiB / 8} MiB at once`, {
      work: (custody) =>
        uploadSeveral(
          custody,
          { kind: 'random', bytes: (largeMiB / 8) * MiB },
          'user_data',
          32,
        ),
    })
    const shared = { unit: 'MiB', by: 'difference' } as const
    return {
      comparisons: [
        {
          ...shared,
          ...one,
          name: `memory, one upload of ${largeMiB} MiB / idle`,
          bound: { atMost: 64 },
        },
        {
          ...shared,
          ...many,
          name: `memory, 32 uploads of ${largeMiB / 8} MiB at once / idle`,
          bound: { atMost: 200 },
        },
      ],
    }
  },
}
