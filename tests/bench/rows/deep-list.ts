import { PAGE_FILES, pageTimes } from '../load/page-times.ts'
import type { Row } from './row.ts'

/** The deep page begins after this share of all files. */
const DEPTH = 0.9

export const deepList: Row = {
  name: 'deep-list',
  about: 'a page of 100 files, nine tenths down the list',
  async measure(bench) {
    const log = await bench.filledLog()
    const custody = await bench.startCustody({ dataDir: log.dataDir })
    const { files } = bench.options
    const depth = Math.floor(files * DEPTH)
    // The newest come first.
    const after = log.idOf(files - depth)
    const first = `${custody.address}/v1/files?limit=${PAGE_FILES}`
    const values = await pageTimes(bench, custody.headers, {
      ours: `${first}&after=${after}`,
      reference: first,
    })
    return {
      comparisons: [
        {
          name: `deep-list at ${depth.toLocaleString('en-US')} of ${files.toLocaleString('en-US')} / the first page`,
          unit: 'ms',
          ...values,
          by: 'ratio',
          bound: { atMost: 1.5 },
        },
      ],
    }
  },
}
