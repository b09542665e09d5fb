export type WavFields = {
  readonly channels?: number
  readonly sampleRate?: number
  /** Of the samples, which are silence. Default 1 second of 16 bits. */
  readonly dataBytes?: number
  /** What the data chunk says of its length. Default: what it has. */
  readonly declaredBytes?: number
}

export function riffChunk(type: string, body: Uint8Array, length = body.length): Buffer {
  const chunk = Buffer.alloc(8 + body.length + (body.length % 2))
  chunk.write(type, 'latin1')
  chunk.writeUInt32LE(length, 4)
  chunk.set(body, 8)
  return chunk
}

export function formatChunk({ channels = 1, sampleRate = 8000 }: WavFields = {}): Buffer {
  const body = Buffer.alloc(16)
  body.writeUInt16LE(1, 0)
  body.writeUInt16LE(channels, 2)
  body.writeUInt32LE(sampleRate, 4)
  body.writeUInt32LE(sampleRate * channels * 2, 8)
  body.writeUInt16LE(channels * 2, 12)
  body.writeUInt16LE(16, 14)
  return riffChunk('fmt ', body)
}

export function riff(chunks: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks])
  return riffChunk('RIFF', body)
}

export function wav(fields: WavFields = {}, before: readonly Buffer[] = []): Buffer {
  const { channels = 1, sampleRate = 8000 } = fields
  const { dataBytes = channels * sampleRate * 2, declaredBytes = dataBytes } = fields
  const data = riffChunk('data', Buffer.alloc(dataBytes), declaredBytes)
  return riff([...before, formatChunk(fields), data])
}
