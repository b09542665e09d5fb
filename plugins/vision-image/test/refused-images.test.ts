import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import type { IssueCode } from '../src/issue-codes.ts'
import { MAX_PARTS } from '../src/part-counter.ts'
import { gifComment, gifFrame, gifScreen, gifTrailer } from './build-gif.ts'
import { frame, jpeg, scan, segment } from './build-jpeg.ts'
import { idat, iend, ihdr, png, pngChunk, pngSignature } from './build-png.ts'
import { vp8, vp8l, vp8x, webp, webpChunk } from './build-webp.ts'
import * as real from './real-images.ts'

type Case = readonly [what: string, content: Buffer | string, message: RegExp]

const cases: Readonly<Partial<Record<IssueCode, readonly Case[]>>> = {
  unsupported_image: [
    ['nothing', '', /begins with the bytes ''/],
    ['a text', 'GIF89 is a format', /PNG, JPEG, WebP or non-animated GIF/],
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>', /'3c737667/],
    ['a BMP', Buffer.from('BM\x46\0\0\0\0\0\0\0', 'latin1'), /'424d46/],
    [
      'an AVIF',
      Buffer.from('\0\0\0\x1cftypavif', 'latin1'),
      /'0000001c6674797061766966'/,
    ],
    ['a RIFF that is a sound', Buffer.from('RIFF\x04\0\0\0WAVE', 'latin1'), /'52494646/],
    [
      'a PDF with a JPEG inside',
      Buffer.concat([Buffer.from('%PDF-1.4\n'), real.baselineJpeg]),
      /'25504446/,
    ],
    ['a PNG that lost its first byte', png().subarray(1), /'504e47/],
    ['a lossless JPEG', jpeg([frame({ code: 0xc3 }), scan]), /0xc3/],
    ['a hierarchical JPEG', jpeg([frame({ code: 0xc5 }), scan]), /0xc5/],
    ['a JPEG of two components', jpeg([frame({ components: 2 }), scan]), /2 colour/],
  ],
  image_animated: [
    ['an animated GIF', real.animatedGif, /GIF.*more than one frame/],
    ['an APNG', png({}, [pngChunk('acTL', Buffer.alloc(8)), idat]), /acTL/],
    ['an animated WebP', real.animatedWebp, /VP8X/],
    [
      'an ANIM chunk without its flag',
      webp([vp8x(), webpChunk('ANIM', Buffer.alloc(6)), vp8()]),
      /ANIM/,
    ],
    [
      'an ANMF chunk without its flag',
      webp([vp8x(), webpChunk('ANMF', Buffer.alloc(16)), vp8()]),
      /ANMF/,
    ],
  ],
  image_too_many_pixels: [
    ['a PNG bomb', png({ width: 60_000, height: 60_000 }), /60000 x 60000.*100000000/],
    ['a PNG one row over the bound', png({ width: 10_000, height: 10_001 }), /10001/],
    [
      'a PNG bomb that is cut off',
      png({ width: 2 ** 31 - 1, height: 2 ** 31 - 1 }).subarray(0, 40),
      /2147483647/,
    ],
    ['a JPEG bomb', jpeg([frame({ width: 65_535, height: 65_535 }), scan]), /65535/],
    [
      'a GIF with a large screen',
      Buffer.concat([
        gifScreen({ width: 65_535, height: 65_535 }),
        gifFrame(),
        gifTrailer,
      ]),
      /65535/,
    ],
    [
      'a GIF with a large frame',
      Buffer.concat([
        gifScreen(),
        gifFrame({ width: 65_535, height: 65_535 }),
        gifTrailer,
      ]),
      /65535/,
    ],
    [
      'a GIF with a small frame far out',
      Buffer.concat([gifScreen(), gifFrame({ left: 65_535, top: 65_535 }), gifTrailer]),
      /65537 x 65538/,
    ],
    ['a lossy WebP bomb', webp([vp8({ width: 16_383, height: 16_383 })]), /16383/],
    ['a lossless WebP bomb', webp([vp8l({ width: 16_384, height: 16_384 })]), /16384/],
    [
      'a WebP with a large canvas',
      webp([vp8x({ width: 2 ** 24, height: 2 ** 24 }), vp8()]),
      /16777216/,
    ],
  ],
  image_without_pixels: [
    ['a PNG without width', png({ width: 0 }), /0 x 3/],
    ['a PNG without height', png({ height: 0 }), /2 x 0/],
    ['a JPEG without height', jpeg([frame({ height: 0 }), scan]), /2 x 0/],
    [
      'a GIF without a screen',
      Buffer.concat([gifScreen({ width: 0 }), gifFrame(), gifTrailer]),
      /0 x 3/,
    ],
    [
      'a GIF with an empty frame',
      Buffer.concat([gifScreen(), gifFrame({ height: 0 }), gifTrailer]),
      /2 x 0/,
    ],
    ['a WebP without width', webp([vp8({ width: 0 })]), /0 x 3/],
  ],
  image_truncated: [
    ['a PNG whose chunk runs past the end', png({}, [lengthened(idat)]), /goes on/],
    [
      'a JPEG whose segment runs past the end',
      jpeg([frame(), Buffer.from([0xff, 0xe0, 0xff, 0xff])]),
      /goes on/,
    ],
    [
      'a GIF whose sub-block runs past the end',
      Buffer.concat([gifScreen(), Buffer.from([0x21, 0xfe, 0xff, 1, 2])]),
      /goes on/,
    ],
    ['a WebP whose RIFF size is too large', grown(real.lossyWebp, 2), /goes on/],
  ],
  image_damaged: [
    [
      'a PNG that begins with another chunk',
      Buffer.concat([pngSignature, idat, iend]),
      /first chunk is 'IDAT'/,
    ],
    [
      'a PNG of an iPhone application',
      Buffer.concat([
        pngSignature,
        pngChunk('CgBI', Buffer.alloc(4)),
        ihdr(),
        idat,
        iend,
      ]),
      /'CgBI'/,
    ],
    ['a PNG with a wrong CRC in IHDR', flipped(png(), 8 + 8 + 13), /CRC of its IHDR/],
    [
      'a PNG with a wrong CRC in PLTE',
      flipped(png({}, [pngChunk('PLTE', Buffer.alloc(3)), idat]), 33 + 8),
      /CRC of its PLTE/,
    ],
    [
      'a PNG with a wrong CRC in IEND',
      flipped(png(), png().length - 1),
      /CRC of its IEND/,
    ],
    ['a PNG with an unknown colour type', png({ colourType: 5 }), /colour type 5/],
    [
      'a PNG with a bit depth that its colour type lacks',
      png({ bitDepth: 4 }),
      /colour type 2 with 4 bits/,
    ],
    ['a PNG with an unknown compression', png({ methods: [1, 0, 0] }), /compression/],
    ['a PNG with an unknown filter', png({ methods: [0, 1, 0] }), /filter/],
    ['a PNG with an unknown interlace', png({ methods: [0, 0, 2] }), /interlace/],
    ['a PNG with two IHDR', png({}, [ihdr(), idat]), /second IHDR chunk, at byte 33/],
    ['a PNG without pixel data', png({}, []), /no IDAT/],
    ['a PNG with empty pixel data', png({}, [pngChunk('IDAT')]), /no IDAT/],
    ['a palette PNG without a palette', png({ colourType: 3 }), /no PLTE/],
    [
      'a PNG with half a colour in its palette',
      png({}, [pngChunk('PLTE', Buffer.alloc(4)), idat]),
      /PLTE chunk has 4/,
    ],
    [
      'a PNG with an empty palette',
      png({}, [pngChunk('PLTE'), idat]),
      /PLTE chunk has 0/,
    ],
    [
      'a PNG with 257 colours',
      png({}, [pngChunk('PLTE', Buffer.alloc(771)), idat]),
      /PLTE chunk has 771/,
    ],
    [
      'a PNG with an unknown critical chunk',
      png({}, [pngChunk('ABCD'), idat]),
      /critical chunk 'ABCD'/,
    ],
    [
      'a PNG with a full end',
      png({}, [idat, pngChunk('IEND', Buffer.alloc(1))]),
      /IEND chunk has 1/,
    ],
    [
      'a PNG with something else between its chunks',
      png({}, [Buffer.alloc(16), idat]),
      /no chunk at byte 33/,
    ],
    [
      'a PNG with a chunk of 2 GiB',
      png({}, [Buffer.from('80000000494441540000', 'hex')]),
      /no chunk at byte 33/,
    ],
    ['a JPEG that ends before its frame', jpeg([]), /without pixel data/],
    ['a JPEG without a scan', jpeg([frame()]), /without pixel data/],
    ['a JPEG whose scan comes first', jpeg([scan, frame()]), /without a frame header/],
    [
      'a JPEG with two frame headers',
      jpeg([frame(), frame({ width: 9 }), scan]),
      /second frame header, at byte 21/,
    ],
    [
      'a JPEG within a JPEG',
      jpeg([frame(), Buffer.from([0xff, 0xd8]), scan]),
      /marker 0xd8/,
    ],
    [
      'a JPEG with a reserved marker',
      jpeg([frame(), segment(0x42, []), scan]),
      /marker 0x42/,
    ],
    [
      'a JPEG with a segment shorter than its length',
      jpeg([Buffer.from([0xff, 0xe0, 0, 1]), frame(), scan]),
      /length 1/,
    ],
    [
      'a JPEG with a cut frame header',
      jpeg([segment(0xc0, [8, 0, 1, 0, 1]), scan]),
      /frame header has 7/,
    ],
    [
      'a JPEG with more components than its header holds',
      jpeg([segment(0xc0, [8, 0, 1, 0, 1, 3, 1, 17, 0]), scan]),
      /frame header has 11/,
    ],
    ['a JPEG of nine bits', jpeg([frame({ bitDepth: 9 }), scan]), /9 bits/],
    [
      'a GIF without a frame',
      Buffer.concat([gifScreen(), gifComment, gifTrailer]),
      /no frame/,
    ],
    [
      'a script that begins like a GIF',
      Buffer.concat([gifScreen(), Buffer.from('=1;alert("no image at all")')]),
      /no block at byte/,
    ],
    [
      'a WebP that begins with metadata',
      webp([webpChunk('EXIF', Buffer.alloc(2)), vp8()]),
      /first chunk/,
    ],
    ['a WebP with a late canvas', webp([vp8(), vp8x()]), /not the first/],
    ['a WebP without pixel data', webp([vp8x()]), /no pixel data/],
    [
      'a WebP less wide than its canvas',
      webp([vp8x({ width: 9 }), vp8()]),
      /9 x 3.*2 x 3/,
    ],
    [
      'a WebP less high than its canvas',
      webp([vp8x({ height: 9 }), vp8()]),
      /2 x 9.*2 x 3/,
    ],
    [
      'a WebP without a key frame',
      webp([webpChunk('VP8 ', Buffer.alloc(10, 1))]),
      /key frame/,
    ],
    [
      'a lossy WebP without its start code',
      webp([webpChunk('VP8 ', Buffer.alloc(10))]),
      /key frame/,
    ],
    [
      'a lossless WebP without its signature',
      webp([webpChunk('VP8L', Buffer.alloc(5))]),
      /0x2f/,
    ],
    [
      'a lossless WebP of a later version',
      webp([webpChunk('VP8L', Buffer.from([0x2f, 0, 0, 0, 0x20]))]),
      /version 0/,
    ],
    [
      'a WebP with too short a chunk',
      webp([webpChunk('VP8L', Buffer.alloc(4))]),
      /has 4 bytes/,
    ],
    [
      'a WebP whose chunk leaves its container',
      grown(Buffer.concat([real.lossyWebp, Buffer.alloc(9)]), -2),
      /past the end of its container/,
    ],
    [
      'a WebP with half a chunk header',
      webp([vp8(), Buffer.alloc(6)]),
      /past the end of its container/,
    ],
  ],
  image_too_complex: [
    [
      'a PNG of too many empty chunks',
      png({}, [repeated(pngChunk('teXt')), idat]),
      /100000 chunks/,
    ],
    [
      'a JPEG of too many markers',
      jpeg([repeated(Buffer.from([0xff, 0x01]))]),
      /100000 segments/,
    ],
    [
      'a JPEG of 1001 scans',
      jpeg([frame(), ...Array<Buffer>(1001).fill(scan)]),
      /1000 scans/,
    ],
    [
      'a GIF of too many empty extensions',
      Buffer.concat([gifScreen(), repeated(Buffer.from([0x21, 0xfe, 0]))]),
      /100000 blocks/,
    ],
    [
      'a WebP of too many empty chunks',
      webp([vp8(), repeated(webpChunk('teXt', Buffer.alloc(0)))]),
      /100000 chunks/,
    ],
  ],
}

for (const [code, refused] of Object.entries(cases)) {
  for (const [what, content, message] of refused) {
    t.test(`refuses ${what} (${code})`, async (t) => {
      const verdict = await validate(plugin, content)
      t.match(verdict, { ok: false, issues: [{ code, message }] })
    })
  }
}

t.test(
  'refuses more bytes than the option maxBytes allows, whatever they are',
  async (t) => {
    const options = { maxBytes: 10 }
    t.match(await validate(plugin, 'eleven byte', { options }), {
      ok: false,
      issues: [{ code: 'image_too_large', message: /11 bytes; at most 10/ }],
    })
  },
)

/** As many as the bound of parts, so that one more is too many. */
function repeated(part: Buffer): Buffer {
  return Buffer.alloc(part.length * MAX_PARTS, part)
}

/** The same chunk, with a length that no file of these tests reaches. */
function lengthened(chunk: Buffer): Buffer {
  const copy = Buffer.from(chunk)
  copy.writeUInt32BE(1_000_000)
  return copy
}

/** The same WebP, whose RIFF size is other by `bytes`. */
function grown(image: Buffer, bytes: number): Buffer {
  const copy = Buffer.from(image)
  copy.writeUInt32LE(copy.readUInt32LE(4) + bytes, 4)
  return copy
}

function flipped(image: Buffer, offset: number): Buffer {
  const copy = Buffer.from(image)
  copy.writeUInt8(copy.readUInt8(offset) ^ 1, offset)
  return copy
}
