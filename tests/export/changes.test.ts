import type { Finding } from '@custody/event-log'
import { howOften } from '@custody/testkit'
import t from 'tap'
import { flipped } from '../audit/tamper.ts'
import { createRandom, type Random } from '../crash/random.ts'
import {
  canonical,
  covers,
  fileOf,
  makeExport,
  resealed,
  verifyText,
} from './exported.ts'

const small = makeExport(t, 10)

t.test('any bit that is flipped, any line that is removed, added or moved', async (t) => {
  const { lines } = await small
  const random = randomOf(t)
  for (let n = howOften(120, 240); n > 0; n -= 1) {
    const { what, text } = change(lines, random)
    try {
      const { count } = await verifyText(text)
      t.ok(count > 0, what)
    } catch (error) {
      t.match(error, { key: 'invalid_export' }, what)
    }
  }
})

t.test('a change whose maker has hashed the file again is named', async (t) => {
  const { lines } = await small
  const random = randomOf(t)
  for (let n = howOften(60, 120); n > 0; n -= 1) await expectNamed(t, lines, random)
})

t.test('the same in a log of several tiles', async (t) => {
  const { lines } = await makeExport(t, 260)
  const random = randomOf(t)
  for (let n = 0; n < 6; n += 1) await expectNamed(t, lines, random)
  const at = lines.findIndex((line) => line.startsWith('{"tile":'))
  const changed = { ...JSON.parse(lines[at] ?? '') }
  const hashes = flipped(
    Buffer.from(changed.tile.hashes, 'base64').subarray(0, 32),
    random,
  )
  const rest = Buffer.from(changed.tile.hashes, 'base64').subarray(32)
  changed.tile.hashes = Buffer.concat([hashes, rest]).toString('base64')
  const { findings } = await verifyText(resealed(lines.with(at, canonical(changed))))
  t.match(findings, [
    { table: 'tiles', key: '0/0', problem: 'entry 0 is not the leaf hash of event 1' },
  ])
})

/** An arbitrary change of a file of lines. */
function change(
  lines: readonly string[],
  random: Random,
): { what: string; text: Buffer } {
  const at = random.integer(0, lines.length - 1)
  const line = lines[at] ?? ''
  switch (random.integer(0, 4)) {
    case 0:
      return {
        what: `line ${at + 1} removed`,
        text: Buffer.from(fileOf(lines.toSpliced(at, 1))),
      }
    case 1: {
      const to = random.integer(0, lines.length - 1)
      const text = Buffer.from(fileOf(lines.toSpliced(to, 0, line)))
      return { what: `line ${at + 1} repeated before line ${to + 1}`, text }
    }
    case 2: {
      const to = random.integer(0, lines.length - 2)
      const moved = lines.toSpliced(at, 1).toSpliced(to, 0, line)
      // Back where it was: nothing is changed.
      if (moved.every((one, index) => one === lines[index])) return change(lines, random)
      return {
        what: `line ${at + 1} moved to ${to + 1}`,
        text: Buffer.from(fileOf(moved)),
      }
    }
    default: {
      const bytes = Buffer.from(fileOf(lines))
      return { what: 'a bit flipped', text: Buffer.from(flipped(bytes, random)) }
    }
  }
}

/** Changes one line, hashes the file again, and expects that the line, or what it says, is named. */
async function expectNamed(
  t: Tap,
  lines: readonly string[],
  random: Random,
): Promise<void> {
  const at = random.integer(1, lines.length - 2)
  const line = lines[at] ?? ''
  const isRemoved = random.chance(0.3)
  const bytes = Buffer.from(flipped(Buffer.from(line), random))
  const changed: (string | Buffer)[] = isRemoved
    ? lines.toSpliced(at, 1)
    : [...lines.slice(0, at), bytes, ...lines.slice(at + 1)]
  const { findings, count } = await verifyText(resealed(changed))
  const what = `line ${at + 1} ${isRemoved ? 'removed' : 'changed'}: ${line.slice(0, 40)}`
  t.ok(
    count > 0 && findings.some((one) => names(one, at + 1, line)),
    `${what} ${JSON.stringify(findings.slice(0, 4))}`,
  )
}

type Tap = {
  ok(value: unknown, message: string): unknown
  comment(...args: unknown[]): void
}

/** Whether a finding names the line, or the row that it stands for. */
function names({ table, key }: Finding, number: number, line: string): boolean {
  if (table === 'export')
    return key === '' || [number - 1, number].some((one) => key === `line ${one}`)
  const [[kind, value] = []] = Object.entries<Record<string, unknown>>(JSON.parse(line))
  if (kind === 'event') return covers(key, JSON.parse(String(value?.record)).position)
  if (kind === 'batch') return covers(key, Number(value?.position))
  if (kind === 'tile') return table === 'tiles' && key === `$value?.level/${value?.index}`
  return table === 'contents'
}

function randomOf(t: Tap): Random {
  const seed = Date.now() % 2 ** 32
  t.comment(`seed ${seed}`)
  return createRandom(seed)
}
