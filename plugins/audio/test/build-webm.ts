export const unknownLength = Buffer.from('01ffffffffffffff', 'hex')

/** `length`: as it is written. Default: that of the bodies, in four bytes. */
export function element(
  id: string,
  bodies: readonly Uint8Array[],
  length?: Buffer,
): Buffer {
  const body = Buffer.concat(bodies)
  const four = Buffer.alloc(4)
  four.writeUInt32BE(0x1000_0000 + body.length)
  return Buffer.concat([Buffer.from(id, 'hex'), length ?? four, body])
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

export function head(documentType: string): Buffer {
  return element('1a45dfa3', [element('4282', [Buffer.from(documentType)])])
}

export type TrackFields = { readonly type?: 1 | 2; readonly codec?: string }

export function track({ type = 2, codec = 'A_OPUS' }: TrackFields = {}): Buffer {
  const sound = element('e1', [
    element('b5', [float(48_000)]),
    element('9f', [Buffer.of(2)]),
  ])
  return element('ae', [
    element('d7', [Buffer.of(type)]),
    element('83', [Buffer.of(type)]),
    element('86', [Buffer.from(codec)]),
    ...(type === 2 ? [sound] : []),
  ])
}

/** In milliseconds. */
export function info(duration: number): Buffer {
  return element('1549a966', [element('4489', [float(duration)])])
}

export function tracks(entries: readonly Buffer[] = [track()]): Buffer {
  return element('1654ae6b', entries)
}

export const cluster = element('1f43b675', [
  element('e7', [Buffer.of(0)]),
  Buffer.alloc(300),
])

export function webm(
  parts: readonly Buffer[] = [info(1500), tracks(), cluster],
  length?: Buffer,
): Buffer {
  return Buffer.concat([head('webm'), element('18538067', parts, length)])
}
