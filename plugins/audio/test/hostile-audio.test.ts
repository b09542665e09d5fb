import { createPluginFile } from '@custody/plugin-api/reader'
import { validate } from '@custody/plugin-api/testing'
import fc from 'fast-check'
import t from 'tap'
import plugin from '../src/index.ts'
import { issueCodes } from '../src/issue-codes.ts'
import { validateAudio } from '../src/validate-audio.ts'
import { frame, id3, mp3, xing } from './build-mp3.ts'
import { box, ftyp, mdat, moov, mp4, track } from './build-mp4.ts'
import { formatChunk, riff, riffChunk, wav } from './build-wav.ts'
import * as ebml from './build-webm.ts'

const MiB = 1024 * 1024
const codes: ReadonlySet<string> = new Set(issueCodes)
const samples = {
  'a.mp3': Buffer.concat([id3(Buffer.alloc(20)), frame(9, xing(3, 1251)), mp3(2)]),
  'a.mp4': mp4('isom', [track(), track({ handler: 'vide' })]),
  'a.wav': wav({ dataBytes: 50 }, [
    riffChunk('LIST', Buffer.from('INFOINAM\x02\0\0\0ab')),
  ]),
  'a.webm': ebml.webm(),
}
const sample = fc.constantFrom(...Object.entries(samples))

async function givesVerdict(name: string, content: Uint8Array): Promise<boolean> {
  const verdict = await validate(plugin, content, { name })
  return verdict.ok || verdict.issues.every(({ code }) => codes.has(code))
}

t.test('gives a verdict on any audio with bytes changed', async () => {
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
  await fc.assert(
    fc.asyncProperty(
      sample,
      fc.array(change, { maxLength: 6 }),
      ([name, content], changes) => {
        const copy = Buffer.from(content)
        for (const [at, byte] of changes) copy.writeUInt8(byte, at % copy.length)
        return givesVerdict(name, copy)
      },
    ),
    { numRuns: 1500 },
  )
})

t.test('gives a verdict on any bytes after any beginning of an audio', async () => {
  await fc.assert(
    fc.asyncProperty(
      sample,
      fc.nat(),
      fc.uint8Array({ maxLength: 64 }),
      ([name, content], cut, rest) =>
        givesVerdict(
          name,
          Buffer.concat([content.subarray(0, cut % content.length), rest]),
        ),
    ),
    { numRuns: 1500 },
  )
})

/** Looks at a file that is made up as it is read, and tells how many bytes that took. */
async function look(name: string, size: number, pieces: readonly [number, Buffer][]) {
  let asked = 0
  const source = {
    size,
    read(start: number, end: number) {
      const bytes = Buffer.alloc(Math.min(end, size) - start)
      asked += bytes.length
      for (const [at, piece] of pieces) {
        const from = Math.max(start, at)
        const to = Math.min(end, at + piece.length)
        if (from < to) piece.copy(bytes, from - start, from - at, to - at)
      }
      return bytes
    },
  }
  const { signal } = new AbortController()
  const file = createPluginFile(source, { name, purpose: 'audio', signal })
  return { verdict: await validateAudio(file), asked }
}

for (const [name, size, pieces] of [
  [
    'a.mp3',
    25 * MiB,
    [
      [0, Buffer.concat([id3(Buffer.alloc(0), 24 * MiB)])],
      [24 * MiB + 10, mp3(20)],
    ],
  ],
  [
    'a.mp4',
    25 * MiB,
    [[0, Buffer.concat([ftyp('isom'), moov(track()), box('mdat').fill(0, 0, 4)])]],
  ],
  ['a.wav', 25 * MiB, [[0, wav({ dataBytes: 0, declaredBytes: 25 * MiB - 44 })]]],
] as const) {
  t.test(`reads little of a large file: ${name}`, async (t) => {
    const { verdict, asked } = await look(
      name,
      size,
      pieces.map(([at, piece]) => [at, piece]),
    )
    t.match(verdict, { ok: true, facts: { duration_seconds: Number } })
    t.ok(asked <= 10 * 64 * 1024, `${asked} bytes were asked for`)
  })
}

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const withMoov = (...boxes: readonly Buffer[]) =>
  Buffer.concat([ftyp('isom'), moov(...boxes), mdat])
const fourBillionSamples = box('trun', uint32(0), uint32(0xffffffff), Buffer.alloc(9))
const tfhd = box('tfhd', uint32(0), uint32(1))
let nested = box('meta', Buffer.alloc(8))
for (let depth = 0; depth < 12; depth += 1) nested = box('udta', nested, nested)

for (const [what, name, content] of [
  [
    'a fragment of four billion samples in the description',
    'a.mp4',
    withMoov(track(), box('moof', box('traf', tfhd, fourBillionSamples))),
  ],
  [
    'a table of four billion entries',
    'a.mp4',
    withMoov(
      track(),
      box('trak', box('mdia', box('stbl', box('stts', uint32(0), uint32(0xffffffff))))),
    ),
  ],
  ['a description of thousands of boxes in boxes', 'a.mp4', withMoov(track(), nested)],
  [
    'a description of 9 MiB of text',
    'a.mp4',
    withMoov(track(), box('udta', box('date', Buffer.alloc(9 * MiB, 'x')))),
  ],
  [
    'a codec with an endless name',
    'a.webm',
    ebml.webm([
      ebml.tracks([ebml.track({ codec: `A_${'X'.repeat(9000)}` })]),
      ebml.cluster,
    ]),
  ],
  [
    'a track without codec',
    'a.webm',
    ebml.webm([ebml.tracks([ebml.element('ae', [])]), ebml.cluster]),
  ],
  [
    'notes of 9 MiB',
    'a.wav',
    riff([
      riffChunk('ID3 ', Buffer.alloc(9 * MiB)),
      formatChunk(),
      riffChunk('data', Buffer.alloc(99)),
    ]),
  ],
  [
    'sync words without end',
    'a.mp3',
    Buffer.concat([frame(), frame(), Buffer.alloc(8 * MiB, 0xff)]),
  ],
] as const) {
  t.test(
    `takes what it cannot describe, in bounded time and memory: ${what}`,
    async (t) => {
      const verdict = await validate(plugin, content, { name })
      if (!verdict.ok) return t.fail('was refused')
      t.match(verdict.facts, { media_type: /^audio\// })
      t.ok(JSON.stringify(verdict.facts).length < 200)
    },
  )
}

t.test('an error of the file is not taken for one of its content', async (t) => {
  for (const [name, content] of Object.entries(samples)) {
    for (let allowed = 0; allowed < 2; allowed += 1) {
      let reads = 0
      const source = {
        size: content.length + MiB,
        read(start: number, end: number) {
          reads += 1
          if (reads > allowed) throw new Error('The disk is gone.')
          return Buffer.concat([content, Buffer.alloc(MiB)]).subarray(start, end)
        },
      }
      const { signal } = new AbortController()
      const file = createPluginFile(source, { name, purpose: 'audio', signal })
      const verdict = await validateAudio(file).catch((error: unknown) => error)
      if (reads > allowed) t.match(verdict, { message: 'The disk is gone.' }, name)
    }
  }
})
