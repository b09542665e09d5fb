import {
  createTileReader,
  lastCheckpoint,
  readEntries,
  readTile,
} from '@custody/event-log'
import {
  consistencyProof,
  frontierRoot,
  inclusionProof,
  readFrontier,
} from '@custody/transparency'
import type { Test } from 'tap'
import { asker } from '../../event-log/asker.ts'
import type { CreateLogStore } from '../../event-log/log-store.ts'
import { readLog } from '../../event-log/read-log.ts'
import {
  plainConsistency,
  plainInclusion,
  plainRoot,
} from '../../plain-log/plain-tree.ts'

const notes = (count: number) =>
  ({ type: 'Note', texts: Array.from({ length: count }, (_, n) => `note ${n}`) }) as const

/** Tiles and proofs of the log, held against a plain implementation; and the checkpoints that are kept. */
export function checkpointContract(t: Test, createStore: CreateLogStore): void {
  t.test('proofs from tiles are those of the records', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    const read = createTileReader(() => log.reader.sql)
    const sizes = [1]
    for (const count of [1, 1, 253, 1, 10, 500]) {
      await ask(notes(count))
      sizes.push((await log.reader.head()).position)
    }
    const records = (await readLog(log.reader)).events.map(({ record }) => record)
    for (const size of sizes) {
      const some = records.slice(0, size)
      t.same(
        frontierRoot(await readFrontier(size, read)),
        plainRoot(some),
        `root of ${size}`,
      )
      for (const index of new Set([0, 1, 100, 254, 255, 256, size - 1])) {
        if (index >= size) continue
        const proof = await inclusionProof(index, size, read)
        t.same(proof, plainInclusion(index, some), `${index} of ${size}`)
      }
      for (const old of sizes.filter((one) => one <= size)) {
        const proof = await consistencyProof(old, size, read)
        t.same(proof, plainConsistency(old, some), `from ${old} to ${size}`)
      }
    }
  })

  t.test('a tile is as wide as the log is, at most', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    await asker(log)(notes(299))
    const { events } = await readLog(log.reader)
    const { sql } = log.reader
    const leaves = events.map(({ leaf_hash }) => Buffer.from(leaf_hash))
    const hashes = async (level: number, index: number, width: number) =>
      Buffer.from(await readTile(sql, { level, index, width }))
    t.same(await hashes(0, 0, 256), Buffer.concat(leaves.slice(0, 256)))
    t.same(await hashes(0, 0, 3), Buffer.concat(leaves.slice(0, 3)))
    t.same(await hashes(0, 1, 44), Buffer.concat(leaves.slice(256)))
    t.same(await hashes(0, 1, 45), Buffer.concat(leaves.slice(256)))
    t.same(await hashes(0, 2, 1), Buffer.alloc(0))
    t.equal((await hashes(1, 0, 2)).length, 32)
    t.equal((await hashes(2, 0, 1)).length, 0)
    t.same(
      await readEntries(sql, { index: 1, width: 2 }),
      events.slice(256, 258).map(({ record }) => Buffer.from(record)),
    )
  })

  t.test('a proof of more than there is fails', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    await asker(log)(notes(9))
    const read = createTileReader(() => log.reader.sql)
    await t.rejects(inclusionProof(0, 11, read), RangeError)
    await asker(log)(notes(1))
    t.equal((await inclusionProof(0, 11, read)).length, 4, 'until it is there')
  })

  t.test('checkpoints are kept in their order, and for good', async (t) => {
    const store = await createStore(t)
    const log = await store.open({ defects: [] })
    const row = (epoch: number, size: number) => ({
      epoch,
      size,
      root: Buffer.alloc(32, size),
      note: `note of ${epoch}/${size}\n`,
    })
    t.equal(await lastCheckpoint(log.reader.sql), undefined)
    for (const one of [row(1, 1), row(1, 300), row(2, 7)]) await log.keepCheckpoint(one)
    for (const one of [row(2, 7), row(2, 6), row(1, 400)]) {
      await t.rejects(log.keepCheckpoint(one), /comes after all/)
    }
    t.match(await lastCheckpoint(log.reader.sql), {
      epoch: 2,
      size: 7,
      note: 'note of 2/7\n',
    })
    await t.rejects(store.tamper('update checkpoints set size = 8'), /never changed/)
    await t.rejects(store.tamper('delete from checkpoints'), /never removed/)
    await log.keepCheckpoint(row(2, 8))
    t.match(await lastCheckpoint(log.reader.sql), { epoch: 2, size: 8 })
  })
}
