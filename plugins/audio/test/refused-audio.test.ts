import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import { frame, id3, mp3 } from './build-mp3.ts'
import { box, ftyp, mdat, moov, mp4, track } from './build-mp4.ts'
import { formatChunk, riff, riffChunk, wav } from './build-wav.ts'
import * as ebml from './build-webm.ts'

const unsupported = 'unsupported_media_type'
const invalid = 'invalid_audio'
const flac = Buffer.concat([Buffer.from('fLaC'), Buffer.alloc(100)])
const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
const cut = (content: Buffer, bytes: number) =>
  content.subarray(0, content.length - bytes)
const largeBox = (bytes: bigint) => {
  const header = Buffer.alloc(16)
  header.writeUInt32BE(1, 0)
  header.write('free', 4)
  header.writeBigUInt64BE(bytes, 8)
  return header
}

for (const [what, name, content, code, message] of [
  ['a text', 'a.mp3', Buffer.from('This is no audio.'), unsupported, /'54686973/],
  ['nothing', 'a.wav', Buffer.alloc(0), unsupported, /is no audio that is known/],
  ['a text in UTF-16', 'a.mp3', Buffer.from('\ufeffabc', 'utf16le'), unsupported, /.../],
  ['a picture', 'a.mp4', png, unsupported, /is image\/png; MP3, MP4, WAV and WebM are/],
  ['FLAC', 'a.wav', flac, unsupported, /is audio\/flac/],
  [
    'FLAC behind an ID3 tag',
    'a.mp3',
    Buffer.concat([id3(Buffer.alloc(9)), flac]),
    unsupported,
    /flac/,
  ],
  [
    'Matroska',
    'a.webm',
    Buffer.concat([ebml.head('matroska'), ebml.webm()]),
    unsupported,
    /video\/matroska/,
  ],
  ['QuickTime', 'a.mp4', mp4('qt  '), unsupported, /video\/quicktime/],
  ['a HEIC picture', 'a.m4a', mp4('heic'), unsupported, /image\/heic/],
  ['AVI', 'a.wav', Buffer.from('RIFF\x24\0\0\0AVI LIST'), unsupported, /avi/],
  [
    'an MP3 by the name of WAV',
    'a.wav',
    mp3(),
    unsupported,
    /ends in '\.wav', but the content is MP3/,
  ],
  ['a WAV by the name of MP3', 'a.mp3', wav(), unsupported, /content is WAV/],
  ['an MP4 by the name of WebM', 'a.webm', mp4(), unsupported, /content is MP4/],
  ['a WebM by the name of MP4', 'A.MP4', ebml.webm(), unsupported, /'\.mp4'.*WEBM/],

  [
    'an MP3 of one frame that is cut',
    'a.mp3',
    frame().subarray(0, 400),
    invalid,
    /no two frames/,
  ],
  [
    'an MP3 whose first frame nothing follows',
    'a.mp3',
    Buffer.concat([frame(), Buffer.alloc(999)]),
    invalid,
    /no two frames/,
  ],
  [
    'a tag without an MP3',
    'a.mp3',
    id3(Buffer.alloc(9000)),
    invalid,
    /from byte 9010 on/,
  ],
  [
    'a tag that is cut',
    'a.mp3',
    id3(Buffer.alloc(900), 901),
    invalid,
    /goes to byte 911, but the file ends at byte 910/,
  ],
  [
    'a tag of 256 MiB that is not there',
    'a.mp3',
    Buffer.concat([id3(Buffer.alloc(9), 2 ** 28 - 1), mp3()]),
    invalid,
    /goes to byte 268435465/,
  ],
  [
    'an MP3 behind too many tags',
    'a.mp3',
    Buffer.concat([...Array(11).fill(id3(Buffer.alloc(1))), mp3()]),
    invalid,
    /more than 10 ID3 tags/,
  ],

  [
    'an MP4 that is cut',
    'a.mp4',
    cut(mp4(), 1),
    invalid,
    /has 508 bytes; only 507 follow/,
  ],
  [
    'an MP4 that is cut in a header',
    'a.mp4',
    cut(mp4(), 502),
    invalid,
    /has 8 bytes; only 6 follow/,
  ],
  [
    'an MP4 without description',
    'a.mp4',
    Buffer.concat([ftyp('isom'), mdat]),
    invalid,
    /no moov/,
  ],
  [
    'an MP4 without media',
    'a.mp4',
    Buffer.concat([ftyp('isom'), moov(track())]),
    invalid,
    /no mdat/,
  ],
  [
    'an MP4 with a box of 4 bytes',
    'a.mp4',
    Buffer.concat([ftyp('isom'), Buffer.from('00000004666f6f6f', 'hex')]),
    invalid,
    /box at byte 24 has 4 bytes/,
  ],
  [
    'an MP4 with a box that ends where it begins',
    'a.mp4',
    Buffer.concat([mp4(), largeBox(0n)]),
    invalid,
    /has 0 bytes/,
  ],
  [
    'an MP4 with a box of 2^64 - 1 bytes',
    'a.mp4',
    Buffer.concat([ftyp('isom'), largeBox(2n ** 64n - 1n), mp4()]),
    invalid,
    /only \d+ follow/,
  ],
  [
    'an MP4 of very many boxes',
    'a.mp4',
    Buffer.concat([ftyp('isom'), ...Array(100_000).fill(box('free'))]),
    invalid,
    /more than 100000 boxes/,
  ],

  [
    'a WAV that is cut',
    'a.wav',
    cut(wav(), 1),
    invalid,
    /'data' at byte 36 has 16000 bytes; only 15999 follow/,
  ],
  [
    'a WAV that is cut before its samples',
    'a.wav',
    wav().subarray(0, 36),
    invalid,
    /ends at byte 36, before its data chunk/,
  ],
  [
    'a WAV without format',
    'a.wav',
    riff([riffChunk('data', Buffer.alloc(9))]),
    invalid,
    /no fmt chunk/,
  ],
  [
    'a WAV with a short format',
    'a.wav',
    riff([riffChunk('fmt ', Buffer.alloc(14))]),
    invalid,
    /14 bytes; at least 16/,
  ],
  [
    'a WAV of no channels',
    'a.wav',
    wav({ channels: 0, dataBytes: 9 }),
    invalid,
    /0 channels of 8000/,
  ],
  [
    'a WAV of no samples a second',
    'a.wav',
    wav({ sampleRate: 0 }),
    invalid,
    /1 channels of 0/,
  ],
  [
    'a WAV of very many chunks',
    'a.wav',
    riff([...Array(1001).fill(riffChunk('junk', Buffer.alloc(0))), formatChunk()]),
    invalid,
    /more than 1000 chunks/,
  ],

  ['a WebM that is cut', 'a.webm', cut(ebml.webm(), 1), invalid, /only \d+ follow/],
  [
    'a WebM without segment',
    'a.webm',
    Buffer.concat([ebml.head('webm'), ebml.cluster]),
    invalid,
    /no segment/,
  ],
  [
    'a WebM without tracks',
    'a.webm',
    ebml.webm([ebml.info(1), ebml.cluster, ebml.tracks()]),
    invalid,
    /no tracks/,
  ],
  [
    'a WebM without clusters',
    'a.webm',
    ebml.webm([ebml.tracks()]),
    invalid,
    /no cluster/,
  ],
  [
    'a WebM with zeros for an element',
    'a.webm',
    ebml.webm([Buffer.alloc(20)]),
    invalid,
    /no element begins at byte 26/,
  ],
  [
    'a WebM with an element beyond its segment',
    'a.webm',
    Buffer.concat([ebml.webm([ebml.tracks().subarray(0, 20)]), Buffer.alloc(200)]),
    invalid,
    /only 12 follow/,
  ],
  [
    'a WebM of very many elements',
    'a.webm',
    ebml.webm(Array(1001).fill(ebml.element('ec', []))),
    invalid,
    /more than 1000 elements/,
  ],
] as const) {
  t.test(`refuses ${what}`, async (t) => {
    const verdict = await validate(plugin, content, { name })
    if (verdict.ok) return t.fail('was taken')
    t.match(verdict.issues, [{ code, message }])
    t.equal(verdict.issues.length, 1)
  })
}

for (const [name, content] of [
  ['a.mp4', mp4()],
  ['a.wav', wav({ dataBytes: 200 })],
  ['a.webm', ebml.webm()],
] as const) {
  t.test(`refuses every proper prefix: ${name}`, async (t) => {
    for (let length = 0; length < content.length; length += 1) {
      const verdict = await validate(plugin, content.subarray(0, length), { name })
      if (verdict.ok) t.fail(`was taken when cut after ${length} bytes`)
    }
    t.match(await validate(plugin, content, { name }), { ok: true }, 'the whole is taken')
  })
}
