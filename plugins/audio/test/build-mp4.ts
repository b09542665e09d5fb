export function box(type: string, ...bodies: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(bodies)
  const header = Buffer.alloc(8)
  header.writeUInt32BE(8 + body.length, 0)
  header.write(type, 4, 'latin1')
  return Buffer.concat([header, body])
}

function uint32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i)
  return bytes
}

export function ftyp(brand: string): Buffer {
  return box('ftyp', Buffer.from(brand), uint32s(0), Buffer.from(`${brand}isom`))
}

export type TrackFields = {
  readonly handler?: 'soun' | 'vide'
  readonly channels?: number
  readonly sampleRate?: number
  readonly seconds?: number
}

export function track({
  handler = 'soun',
  channels = 2,
  sampleRate = 44_100,
  seconds = 10,
}: TrackFields = {}): Buffer {
  const tkhd = box('tkhd', uint32s(7, 0, 0, 1, 0, seconds), Buffer.alloc(60))
  const mdhd = box('mdhd', uint32s(0, 0, 0, sampleRate, sampleRate * seconds, 0))
  const hdlr = box('hdlr', uint32s(0, 0), Buffer.from(handler), Buffer.alloc(13))
  const sound = Buffer.alloc(28)
  sound.writeUInt16BE(1, 6)
  sound.writeUInt16BE(channels, 16)
  sound.writeUInt16BE(16, 18)
  sound.writeUInt16BE(sampleRate, 24)
  const picture = Buffer.alloc(78)
  const entry = handler === 'soun' ? box('mp4a', sound) : box('avc1', picture)
  const stsd = box('stsd', uint32s(0, 1), entry)
  return box('trak', tkhd, box('mdia', mdhd, hdlr, box('minf', box('stbl', stsd))))
}

export function moov(...tracks: readonly Buffer[]): Buffer {
  return box('moov', box('mvhd', Buffer.alloc(100)), ...tracks)
}

export const mdat = box('mdat', Buffer.alloc(500))

export function mp4(brand = 'M4A ', tracks: readonly Buffer[] = [track()]): Buffer {
  return Buffer.concat([ftyp(brand), moov(...tracks), mdat])
}
