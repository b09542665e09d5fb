import { batchForm } from '../load/upload-form.ts'
import { missingWrk, wrk } from '../load/wrk.ts'
import type { ChildServer } from '../servers/child-server.ts'
import type { Row } from './row.ts'

export const smallUploads: Row = {
  name: 'small-uploads',
  about: '4 KiB of batch input, 30 lines, over 32 connections',
  async measure(bench) {
    const missing = await missingWrk()
    if (missing !== undefined) return { comparisons: [], missing }

    const form = batchForm()
    const folder = bench.folder('load')
    const load = (server: ChildServer, headers: Readonly<Record<string, string>> = {}) =>
      wrk(
        {
          url: `${server.address}/v1/files`,
          method: 'POST',
          headers: { ...form.headers, ...headers },
          body: form.body,
        },
        { seconds: bench.options.seconds, folder },
      )

    const custody = await bench.startCustody()
    const other = await bench.startCustody({ driver: 'sqlite3' })
    const durable = await bench.startReference('koa-upload', {
      BENCH_FOLDER: bench.folder('r1'),
      BENCH_FSYNC: 'yes',
    })
    const loose = await bench.startReference('koa-upload', {
      BENCH_FOLDER: bench.folder('r0'),
      BENCH_FSYNC: 'no',
    })
    const values = await bench.inTurn({
      R1: () => load(durable),
      custody: () => load(custody, custody.headers),
      R0: () => load(loose),
      sqlite3: () => load(other, other.headers),
    })
    const shared = { unit: 'requests/s', by: 'ratio' } as const
    return {
      comparisons: [
        {
          ...shared,
          name: 'small-uploads / R1 (Koa, busboy, a file with fsync)',
          ours: values.custody,
          reference: values.R1,
          bound: { atLeast: 2 },
        },
        {
          ...shared,
          name: 'small-uploads / R0 (R1 without fsync)',
          ours: values.custody,
          reference: values.R0,
          bound: { atLeast: 1.2 },
        },
        {
          ...shared,
          name: 'small-uploads on `sqlite3` / on `node:sqlite`',
          ours: values.sqlite3,
          reference: values.custody,
        },
      ],
    }
  },
}
