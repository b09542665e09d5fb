/** MPEG 1, layer III, 44,100 Hz, stereo; by default 128 kbit/s. */
export function frame(bitRateIndex = 9, content: Uint8Array = new Uint8Array(0)): Buffer {
  const kilobits = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
  const bytes = Math.floor((144_000 * (kilobits[bitRateIndex] ?? 0)) / 44_100)
  const whole = Buffer.alloc(bytes)
  whole.set([0xff, 0xfb, bitRateIndex << 4, 0x00])
  // Behind the header and the side information.
  whole.set(content, 36)
  return whole
}

/** What encoders of a variable bit rate leave in the first frame. */
export function xing(frames: number, bytes: number): Buffer {
  const header = Buffer.alloc(16)
  header.write('Xing', 'latin1')
  header.writeUInt32BE(3, 4)
  header.writeUInt32BE(frames, 8)
  header.writeUInt32BE(bytes, 12)
  return header
}

/** ID3v2.3. `declaredBytes`: what it says of its length. */
export function id3(body: Uint8Array, declaredBytes = body.length): Buffer {
  const tag = Buffer.alloc(10 + body.length)
  tag.write('ID3\x03', 'latin1')
  for (let i = 0; i < 4; i += 1) tag[6 + i] = (declaredBytes >> (7 * (3 - i))) & 0x7f
  tag.set(body, 10)
  return tag
}

/** Of a constant bit rate. 1,000 frames are 26.122 seconds. */
export function mp3(frames = 100): Buffer {
  return Buffer.concat(Array.from({ length: frames }, () => frame()))
}
