import { PAGE_FILES, pageTimes } from '../load/page-times.ts'
import type { Custody } from '../servers/custody.ts'
import type { Row } from './row.ts'

/** The moments lie at these shares of the history. */
const UNCHANGED = 0.5
const CHANGED = 0.75

export const asOfList: Row = {
  name: 'as-of-list',
  about: 'a page of 100 files as they were',
  async measure(bench) {
    const log = await bench.filledLog()
    const custody = await bench.startCustody({ dataDir: log.dataDir })
    const { files } = bench.options
    const live = `${custody.address}/v1/files?limit=${PAGE_FILES}`
    const asOf = async (share: number) => {
      const n = Math.floor(files * share)
      return `${live}&as_of=${await positionOf(custody, log.idOf(n))}`
    }
    // Their rows cannot be taken from the index any more: each is made of its events.
    const last = Math.floor(files * CHANGED)
    for (let n = last - PAGE_FILES; n <= last; n += 1) await remove(custody, log.idOf(n))
    const measure = async (share: number) =>
      await pageTimes(bench, custody.headers, {
        ours: await asOf(share),
        reference: live,
      })
    const shared = { unit: 'ms', by: 'ratio' } as const
    return {
      comparisons: [
        {
          ...shared,
          name: 'as-of-list of files that are as they were / a live list',
          ...(await measure(UNCHANGED)),
          bound: { atMost: 1.5 },
        },
        {
          ...shared,
          name: 'as-of-list of files that were all deleted since / a live list',
          ...(await measure(CHANGED)),
          bound: { atMost: 1.5 },
        },
      ],
    }
  },
}

async function positionOf({ address, headers }: Custody, file: string): Promise<string> {
  const answer = await fetch(`${address}/v1/files/${file}/events`, { headers })
  const { first_id }: { first_id?: string } = JSON.parse(await answer.text())
  if (first_id === undefined) throw new Error(`no events of ${file}: ${answer.status}`)
  return first_id
}

/** One that is gone already was deleted by another row on the same log. */
async function remove({ address, headers }: Custody, file: string): Promise<void> {
  const answer = await fetch(`${address}/v1/files/${file}`, { method: 'DELETE', headers })
  await answer.arrayBuffer()
  if (![200, 404].includes(answer.status)) throw new Error(`${answer.status} of ${file}`)
}
