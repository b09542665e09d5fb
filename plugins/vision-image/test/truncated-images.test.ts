import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import { gifFrame, gifScreen, gifTrailer } from './build-gif.ts'
import { idat, png, pngChunk } from './build-png.ts'
import * as real from './real-images.ts'

const { animatedGif, animatedWebp, ...still } = real
const images: Readonly<Record<string, Buffer>> = {
  ...still,
  png: png(),
  palettePng: png({ colourType: 3 }, [pngChunk('PLTE', Buffer.alloc(6)), idat]),
  gifWithoutTable: Buffer.concat([gifScreen(), gifFrame(), gifTrailer]),
}
/** From here on the format is known. */
const HEAD = 12

for (const [name, image] of Object.entries(images)) {
  t.test(`refuses every proper prefix of an image: ${name}`, async (t) => {
    const codes = new Set<string>()
    for (let length = 0; length < image.length; length += 1) {
      const verdict = await validate(plugin, image.subarray(0, length))
      if (verdict.ok) t.fail(`was taken when cut after ${length} bytes`)
      else if (length >= HEAD) codes.add(verdict.issues[0]?.code ?? '')
    }
    t.match(await validate(plugin, image), { ok: true }, 'the whole is taken')
    t.same([...codes], ['image_truncated'])
  })
}
