import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import { gifComment, gifFrame, gifScreen, gifTrailer } from './build-gif.ts'
import { eoi, frame, jpeg, scan, segment, soi } from './build-jpeg.ts'
import { idat, iend, png, pngChunk } from './build-png.ts'
import { vp8, vp8l, vp8x, webp, webpChunk } from './build-webp.ts'
import * as real from './real-images.ts'

const palette = pngChunk('PLTE', Buffer.from([0, 0, 0, 255, 0, 0]))

type Case = {
  readonly what: string
  readonly name?: string
  readonly content: Buffer
  readonly facts: Readonly<Record<string, unknown>>
  readonly warnings?: readonly string[]
}

const rgb = { mode: 'rgb', bit_depth: 8 }
const small = { width: 5, height: 3, pixels: 15 }
const jpegFacts = { format: 'jpeg', ...small, ...rgb }
const webpFacts = { format: 'webp', ...small, ...rgb }
const pngFacts = { format: 'png', width: 2, height: 3, pixels: 6, ...rgb }

const cases: readonly Case[] = [
  { what: 'an RGB PNG', content: png(), facts: pngFacts },
  {
    what: 'an RGBA PNG',
    content: png({ colourType: 6 }),
    facts: { ...pngFacts, mode: 'rgba' },
  },
  {
    what: 'a PNG with pixel data in several chunks and unknown ancillary ones',
    content: png({}, [pngChunk('teSt', Buffer.alloc(99)), idat, idat, pngChunk('zzZz')]),
    facts: pngFacts,
  },
  {
    what: 'a greyscale PNG, with a warning',
    content: png({ colourType: 0, bitDepth: 4 }),
    facts: { ...pngFacts, mode: 'grey', bit_depth: 4 },
    warnings: ['image_not_rgb'],
  },
  {
    what: 'a greyscale PNG with alpha, with a warning',
    content: png({ colourType: 4 }),
    facts: { ...pngFacts, mode: 'grey_alpha' },
    warnings: ['image_not_rgb'],
  },
  {
    what: 'a palette PNG, with a warning',
    content: png({ colourType: 3, bitDepth: 1 }, [palette, idat]),
    facts: { ...pngFacts, mode: 'palette', bit_depth: 1 },
    warnings: ['image_not_rgb'],
  },
  {
    what: 'a PNG of 16 bits, with a warning',
    content: png({ bitDepth: 16 }),
    facts: { ...pngFacts, bit_depth: 16 },
    warnings: ['image_high_bit_depth'],
  },
  {
    what: 'a PNG of exactly 100 megapixels',
    content: png({ width: 10_000, height: 10_000 }),
    facts: { ...pngFacts, width: 10_000, height: 10_000, pixels: 100_000_000 },
  },
  { what: 'a baseline JPEG', content: real.baselineJpeg, facts: jpegFacts },
  { what: 'a progressive JPEG', content: real.progressiveJpeg, facts: jpegFacts },
  { what: 'a JPEG with restart markers', content: real.restartJpeg, facts: jpegFacts },
  {
    what: 'an arithmetic-coded JPEG, with a warning',
    content: real.arithmeticJpeg,
    facts: jpegFacts,
    warnings: ['image_uncommon_coding'],
  },
  {
    what: 'a greyscale JPEG, with a warning',
    content: real.greyJpeg,
    facts: { ...jpegFacts, mode: 'grey' },
    warnings: ['image_not_rgb'],
  },
  {
    what: 'a CMYK JPEG, with a warning',
    content: real.cmykJpeg,
    facts: { ...jpegFacts, mode: 'cmyk' },
    warnings: ['image_not_rgb'],
  },
  {
    what: 'a JPEG of 12 bits, with a warning',
    content: jpeg([frame({ code: 0xc1, bitDepth: 12 }), scan]),
    facts: { ...pngFacts, format: 'jpeg', bit_depth: 12 },
    warnings: ['image_high_bit_depth'],
  },
  {
    what: 'a JPEG whose embedded preview has an end marker of its own',
    content: jpeg([segment(0xe1, [...soi, 1, 2, ...eoi]), frame(), scan]),
    facts: { ...pngFacts, format: 'jpeg' },
  },
  {
    what: 'a JPEG with fill and stray bytes between its segments',
    content: jpeg([Buffer.from([0xff, 0xff]), frame(), Buffer.alloc(7), scan]),
    facts: { ...pngFacts, format: 'jpeg' },
  },
  {
    what: 'a JPEG of 1000 scans',
    content: jpeg([frame(), ...Array<Buffer>(1000).fill(scan)]),
    facts: { ...pngFacts, format: 'jpeg' },
  },
  { what: 'a lossy WebP', content: real.lossyWebp, facts: webpFacts },
  { what: 'a lossless WebP', content: real.losslessWebp, facts: webpFacts },
  {
    what: 'a lossless WebP with alpha',
    content: real.losslessAlphaWebp,
    facts: { ...webpFacts, mode: 'rgba' },
  },
  {
    what: 'an extended WebP',
    content: real.extendedWebp,
    facts: { ...webpFacts, mode: 'rgba' },
  },
  {
    what: 'an extended WebP with metadata of odd length',
    content: webp([vp8x({ flags: 8 }), vp8(), webpChunk('EXIF', Buffer.alloc(7))]),
    facts: { ...pngFacts, format: 'webp' },
  },
  {
    what: 'a WebP that asks for enlargement, with its own dimensions',
    content: webp([vp8({ scale: 3 })]),
    facts: { ...pngFacts, format: 'webp' },
  },
  {
    what: 'a WebP with a second image in it, which no decoder shows',
    content: webp([vp8(), vp8({ width: 9 }), vp8l({ width: 8 })]),
    facts: { ...pngFacts, format: 'webp' },
  },
  {
    what: 'the largest sides of a lossless WebP that keep to 100 megapixels',
    content: webp([vp8l({ width: 16_384, height: 6_103 })]),
    facts: {
      ...pngFacts,
      format: 'webp',
      width: 16_384,
      height: 6_103,
      pixels: 99_991_552,
    },
  },
  {
    what: 'a still GIF, with a warning',
    content: real.stillGif,
    facts: { format: 'gif', ...small, mode: 'palette', bit_depth: 2 },
    warnings: ['image_not_rgb'],
  },
  {
    what: 'a GIF with comments and without any colour table',
    content: Buffer.concat([gifScreen(), gifComment, gifFrame(), gifComment, gifTrailer]),
    facts: { ...pngFacts, format: 'gif', mode: 'palette' },
    warnings: ['image_not_rgb'],
  },
  {
    what: 'a GIF whose frame has a colour table of its own',
    content: Buffer.concat([gifScreen(), gifFrame({ colourBits: 5 }), gifTrailer]),
    facts: { ...pngFacts, format: 'gif', mode: 'palette', bit_depth: 5 },
    warnings: ['image_not_rgb'],
  },
  {
    what: 'a GIF with two colour tables, of which that of its frame counts',
    content: Buffer.concat([
      real.stillGif.subarray(0, 13 + 12),
      gifFrame({ colourBits: 4 }),
      gifTrailer,
    ]),
    facts: { format: 'gif', ...small, mode: 'palette', bit_depth: 4 },
    warnings: ['image_not_rgb'],
  },
  {
    what: 'a GIF whose frame reaches over its screen, with the canvas that holds both',
    content: Buffer.concat([
      gifScreen({ width: 4, height: 4 }),
      gifFrame({ left: 3, top: 1, width: 7, height: 2 }),
      gifTrailer,
    ]),
    facts: {
      format: 'gif',
      width: 10,
      height: 4,
      pixels: 40,
      mode: 'palette',
      bit_depth: 8,
    },
    warnings: ['image_not_rgb'],
  },
  {
    what: 'a JPEG named .png, with a warning',
    name: 'photo.png',
    content: real.baselineJpeg,
    facts: jpegFacts,
    warnings: ['extension_mismatch'],
  },
  {
    what: 'a JPEG named .jpeg',
    name: 'photo.jpeg',
    content: real.baselineJpeg,
    facts: jpegFacts,
  },
  {
    what: 'a PNG with a ZIP behind it, with a warning',
    content: Buffer.concat([png(), Buffer.from('PK\x05\x06'), Buffer.alloc(18)]),
    facts: pngFacts,
    warnings: ['trailing_data'],
  },
  {
    what: 'a JPEG with another one behind it, with a warning',
    content: Buffer.concat([real.baselineJpeg, real.greyJpeg]),
    facts: jpegFacts,
    warnings: ['trailing_data'],
  },
  {
    what: 'a WebP with a byte behind it, with a warning',
    content: Buffer.concat([real.lossyWebp, Buffer.alloc(1)]),
    facts: webpFacts,
    warnings: ['trailing_data'],
  },
  {
    what: 'a GIF with a second frame behind its trailer, which no decoder shows',
    content: Buffer.concat([gifScreen(), gifFrame(), gifTrailer, gifFrame(), gifTrailer]),
    facts: { ...pngFacts, format: 'gif', mode: 'palette' },
    warnings: ['trailing_data', 'image_not_rgb'],
  },
  {
    what: 'a PNG that repeats its end',
    content: Buffer.concat([png(), iend]),
    facts: pngFacts,
    warnings: ['trailing_data'],
  },
]

for (const { what, name, content, facts, warnings = [] } of cases) {
  const ownName = `image.${String(facts.format)}`
  t.test(`takes ${what}`, async (t) => {
    const verdict = await validate(plugin, content, { name: name ?? ownName })
    if (!verdict.ok) {
      t.fail('was refused', { issues: verdict.issues })
      return
    }
    t.same(verdict.facts, facts)
    t.same(
      verdict.warnings.map(({ code }) => code),
      warnings,
    )
  })
}

t.test(
  'takes an image of exactly the bytes that the option maxBytes allows',
  async (t) => {
    const options = { maxBytes: png().length }
    t.match(await validate(plugin, png(), { options }), { ok: true })
  },
)

t.test('declares the purpose with its extensions and 512 MiB', async (t) => {
  t.match(plugin.purposes, {
    vision: {
      direction: 'input',
      extensions: ['.png', '.jpg', '.jpeg', '.webp', '.gif'],
      maxBytes: 536_870_912,
    },
  })
})
