import { transfer } from '../load/transfer.ts'
import { uploadOne, uploadSeveral } from '../load/upload-one.ts'
import { PART_BYTES, uploadInParts } from '../load/upload-parts.ts'
import type { Custody } from '../servers/custody.ts'
import { measureGrowth, needsLinux } from './memory-growth.ts'
import type { Row } from './row.ts'

const MiB = 2 ** 20
const PARALLEL = 32

export const sealedMemory: Row = {
  name: 'sealed-memory',
  about: 'peak of resident memory while sealed files and parts come and go, above idle',
  async measure(bench) {
    if (process.platform !== 'linux') return { comparisons: [], missing: needsLinux }
    const { largeMiB } = bench.options
    const large = { kind: 'random', bytes: largeMiB * MiB } as const
    const small = { kind: 'random', bytes: large.bytes / 8 } as const
    const manyParts = { kind: 'random', bytes: PARALLEL * PART_BYTES } as const
    const download = ({ address, headers }: Custody, id = '', parallel = 1) => {
      const url = `${address}/v1/files/${id}/content`
      return transfer({ url, method: 'GET', headers, parallel })
    }
    const put = async (custody: Custody, content: typeof large) =>
      (await uploadOne(custody, content)).id
    const cases = [
      {
        what: `one upload of ${largeMiB} MiB`,
        work: (custody: Custody) => uploadOne(custody, large),
        atMost: 64,
      },
      {
        what: `${PARALLEL} uploads of ${largeMiB / 8} MiB at once`,
        work: (custody: Custody) => uploadSeveral(custody, small, 'user_data', PARALLEL),
        atMost: 200,
      },
      {
        what: `${largeMiB} MiB in parts, one after the other`,
        work: (custody: Custody) => uploadInParts(custody, large, 1),
        atMost: 64,
      },
      {
        what: `${PARALLEL} parts of ${PART_BYTES / MiB} MiB at once`,
        work: (custody: Custody) => uploadInParts(custody, manyParts, PARALLEL),
        atMost: 200,
      },
      {
        what: `one download of ${largeMiB} MiB`,
        prepare: (custody: Custody) => put(custody, large),
        work: (custody: Custody, id: string | undefined) => download(custody, id),
        atMost: 64,
      },
      {
        what: `${PARALLEL} downloads of ${largeMiB / 8} MiB at once`,
        prepare: (custody: Custody) => put(custody, small),
        work: (custody: Custody, id: string | undefined) =>
          download(custody, id, PARALLEL),
        atMost: 200,
      },
    ]
    const comparisons = []
    for (const { what, atMost, ...rest } of cases) {
      const values = await measureGrowth(bench, what, {
        seal: 'compress+encrypt',
        ...rest,
      })
      comparisons.push({
        name: `sealed-memory, ${what} / idle`,
        unit: 'MiB',
        by: 'difference',
        ...values,
        bound: { atMost },
      } as const)
    }
    return { comparisons }
  },
}
