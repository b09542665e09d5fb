import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import { frame, id3, mp3, xing } from './build-mp3.ts'
import { box, ftyp, mdat, moov, mp4, track } from './build-mp4.ts'
import { riffChunk, wav } from './build-wav.ts'
import * as ebml from './build-webm.ts'

type Case = {
  readonly what: string
  readonly name: string
  readonly content: Buffer
  readonly facts: Readonly<Record<string, unknown>>
}

const mp3Facts = {
  media_type: 'audio/mpeg',
  codec: 'MPEG 1 Layer 3',
  channels: 2,
  sample_rate: 44_100,
}
const cbrFacts = { ...mp3Facts, duration_seconds: 2.612 }
const mp4Facts = {
  media_type: 'audio/mp4',
  duration_seconds: 10,
  codec: 'MPEG-4/AAC',
  channels: 2,
  sample_rate: 44_100,
}
const wavFacts = {
  media_type: 'audio/wav',
  duration_seconds: 1,
  codec: 'PCM',
  channels: 1,
  sample_rate: 8000,
}
const webmFacts = {
  media_type: 'audio/webm',
  duration_seconds: 1.5,
  codec: 'OPUS',
  channels: 2,
  sample_rate: 48_000,
}
const { duration_seconds: _, ...liveWebmFacts } = webmFacts

/** Many pictures that look like an MP3 within. */
const coverArt = Buffer.alloc(3 * 1024 * 1024, 0xff)
const vbr = (frames: number) => {
  const rates = Array.from({ length: frames - 1 }, (_, i) => frame(5 + (i % 5)))
  const bytes = rates.reduce((sum, { length }) => sum + length, 417)
  return Buffer.concat([frame(9, xing(frames, bytes)), ...rates])
}
const endless = 0xffffffff

const cases: readonly Case[] = [
  { what: 'an MP3', name: 'a.mp3', content: mp3(), facts: cbrFacts },
  {
    what: 'an MP3 with a tag and cover art before it',
    name: 'a.mp3',
    content: Buffer.concat([id3(coverArt), mp3()]),
    facts: cbrFacts,
  },
  {
    what: 'an MP3 with padding behind its tag',
    name: 'a.mp3',
    content: Buffer.concat([id3(Buffer.alloc(50)), Buffer.alloc(2000), mp3()]),
    facts: cbrFacts,
  },
  {
    what: 'an MP3 with a tag at its end',
    name: 'a.mp3',
    content: Buffer.concat([mp3(), Buffer.alloc(128, 'TAG')]),
    facts: cbrFacts,
  },
  {
    what: 'an MP3 of a variable bit rate, which says how many frames it has',
    name: 'a.mp3',
    content: vbr(200),
    facts: { ...mp3Facts, duration_seconds: 5.224 },
  },
  {
    what: 'an MP3 that was cut, as a recorded stream is',
    name: 'a.mp3',
    content: mp3().subarray(0, -200),
    facts: { ...mp3Facts, duration_seconds: 2.612 },
  },
  { what: 'an M4A', name: 'a.m4a', content: mp4(), facts: mp4Facts },
  { what: 'an M4A by the name of MP4', name: 'a.mp4', content: mp4(), facts: mp4Facts },
  {
    what: 'an MP4 by the name of M4A',
    name: 'a.m4a',
    content: mp4('isom'),
    facts: mp4Facts,
  },
  {
    what: 'an MP4 with a picture track',
    name: 'a.mp4',
    content: mp4('isom', [track({ handler: 'vide' }), track()]),
    facts: { ...mp4Facts, media_type: 'video/mp4' },
  },
  {
    what: 'an MP4 whose description comes last',
    name: 'a.mp4',
    content: Buffer.concat([ftyp('isom'), mdat, box('free'), moov(track())]),
    facts: mp4Facts,
  },
  {
    what: 'an MP4 in fragments',
    name: 'a.mp4',
    content: Buffer.concat([
      ftyp('iso5'),
      moov(track({ seconds: 0 })),
      box('moof', box('traf')),
      mdat,
    ]),
    facts: { ...mp4Facts, duration_seconds: undefined },
  },
  { what: 'a WAV', name: 'a.wav', content: wav(), facts: wavFacts },
  {
    what: 'a stereo WAV with notes before its format',
    name: 'a.wav',
    content: wav({ channels: 2, sampleRate: 44_100 }, [
      riffChunk('JUNK', Buffer.alloc(27)),
    ]),
    facts: { ...wavFacts, channels: 2, sample_rate: 44_100 },
  },
  {
    what: 'a WAV whose writer could not go back to fill in the length',
    name: 'a.wav',
    content: wav({ declaredBytes: endless }),
    facts: wavFacts,
  },
  { what: 'a WebM', name: 'a.webm', content: ebml.webm(), facts: webmFacts },
  {
    what: 'a WebM with a picture track',
    name: 'a.webm',
    content: ebml.webm([
      ebml.info(1500),
      ebml.tracks([ebml.track({ type: 1, codec: 'V_VP9' }), ebml.track()]),
      ebml.cluster,
    ]),
    facts: { ...webmFacts, media_type: 'video/webm' },
  },
  {
    what: 'a WebM that was recorded live, with no length anywhere',
    name: 'a.webm',
    content: ebml.webm(
      [ebml.tracks(), ebml.element('1f43b675', [Buffer.alloc(99)], ebml.unknownLength)],
      ebml.unknownLength,
    ),
    facts: liveWebmFacts,
  },
]

for (const { what, name, content, facts } of cases) {
  t.test(`takes ${what}`, async (t) => {
    const known = Object.entries(facts).filter(([, value]) => value !== undefined)
    t.same(await validate(plugin, content, { name }), {
      ok: true,
      facts: Object.fromEntries(known),
      warnings: [],
    })
  })
}
