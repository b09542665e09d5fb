import { CustodyError } from '@custody/domain'
import t, { type Test } from 'tap'
import type { Appender } from '../../src/appender.ts'
import { createKeyUses } from '../../src/auth/key-uses.ts'
import { openLog } from '../support/open-log.ts'

async function start(t: Test, driver: 'node' | 'sqlite3') {
  const { appender, ...environment } = await openLog(t, { driver })
  const { log } = environment
  return { log, appender, open: (by = appender) => createKeyUses(environment, by) }
}

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: uses are told at once, and kept when written`, async (t) => {
    const { log, open } = await start(t, driver)
    const uses = open()
    t.equal(await uses.lastUse('key_1'), null)
    uses.note('key_1', 5_000_900)
    uses.note('key_2', 6_000_000)
    uses.note('key_1', 7_000_999)
    t.equal(await uses.lastUse('key_1'), 7_000)
    t.equal(await open().lastUse('key_1'), null, 'it is not written down yet')
    const flushed = uses.flush()
    t.equal(await uses.lastUse('key_1'), 7_000, 'nor is it forgotten meanwhile')
    await flushed
    t.equal(await uses.lastUse('key_1'), 7_000)
    t.equal(await open().lastUse('key_1'), 7_000)
    t.equal(await open().lastUse('key_2'), 6_000)
    t.equal((await log.reader.head()).position, 1, 'and no event tells of it')
  })

  t.test(
    `${driver}: an earlier use does not take the place of a later one`,
    async (t) => {
      const { open } = await start(t, driver)
      for (const at of [9_000_000, 8_000_000]) {
        const uses = open()
        uses.note('key_1', at)
        await uses.flush()
      }
      t.equal(await open().lastUse('key_1'), 9_000)
    },
  )
}

t.test('many keys are written down in slices', async (t) => {
  const { open } = await start(t, 'node')
  const uses = open()
  for (let n = 0; n < 2_500; n += 1) uses.note(`key_${n}`, n * 1_000)
  await uses.flush()
  for (const n of [0, 999, 1_000, 2_499]) t.equal(await open().lastUse(`key_${n}`), n)
})

t.test('what could not be written is written with the next', async (t) => {
  const { appender, open } = await start(t, 'node')
  let isFull = true
  const failing: Appender = {
    ...appender,
    append: (...given) =>
      isFull
        ? Promise.reject(new CustodyError('insufficient_storage', 'The disk is full.'))
        : appender.append(...given),
  }
  const uses = open(failing)
  uses.note('key_1', 1_000)
  uses.note('key_2', 1_000)
  const failed = uses.flush()
  uses.note('key_1', 2_000)
  await t.rejects(failed, { code: 'insufficient_storage' })
  t.equal(await uses.lastUse('key_2'), 1)
  isFull = false
  await uses.flush()
  t.equal(await open().lastUse('key_1'), 2)
  t.equal(await open().lastUse('key_2'), 1)
})
