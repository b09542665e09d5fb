import { Buffer } from 'node:buffer'

const END_OF_CHAIN = 0xfffffffe
const FAT_SECTOR = 0xfffffffd
const NONE = 0xffffffff
const SECTOR = 512

export type CompoundStreams = Readonly<Record<string, Buffer>>

/**
 * A compound file of version 3 with these streams, each padded to 4,096 bytes; those of `embedded` lie in a storage
 * of their own. Sector 0 is the allocation table, the directory follows.
 */
export function compoundFile(
  streams: CompoundStreams,
  embedded: CompoundStreams = {},
): Buffer {
  const names = [...Object.keys(streams), ...Object.keys(embedded)]
  const contents = [...Object.values(streams), ...Object.values(embedded)].map(pad)
  const own = Object.keys(streams).length
  const inner = names.length - own
  const storage = names.length + 1
  const entries = [
    entry('Root Entry', 5, { child: names.length === 0 ? NONE : 1 }),
    ...names.map((name, i) => {
      const isLast = i === own - 1 || i === names.length - 1
      const after = i === own - 1 && inner > 0 ? storage : NONE
      return entry(name, 2, { right: isLast ? after : i + 2 })
    }),
    entry('ObjectPool', 1, { child: inner > 0 ? own + 1 : NONE }),
  ]
  while (entries.length % 4 > 0) entries.push(Buffer.alloc(128))
  const directorySectors = entries.length / 4

  const chain: number[] = [FAT_SECTOR]
  const link = (sectors: number) => {
    const start = chain.length
    for (let i = 1; i < sectors; i += 1) chain.push(start + i)
    chain.push(END_OF_CHAIN)
    return start
  }
  link(directorySectors)
  for (const [i, content] of contents.entries()) {
    const start = link(content.length / SECTOR)
    entries[i + 1]?.writeUInt32LE(start, 0x74)
    entries[i + 1]?.writeUInt32LE(content.length, 0x78)
  }
  const table = Buffer.alloc(SECTOR, 0xff)
  for (const [i, next] of chain.entries()) table.writeUInt32LE(next, 4 * i)
  return Buffer.concat([fileHeader(), table, ...entries, ...contents])
}

/** The start of a `WordDocument` stream, [MS-DOC] 2.5.2. */
export function wordStream({ encrypted = false } = {}): Buffer {
  const start = Buffer.alloc(32)
  start.writeUInt16LE(0xa5ec, 0)
  start.writeUInt16LE(encrypted ? 0x0100 : 0, 10)
  return start
}

export function doc(options: { readonly encrypted?: boolean } = {}): Buffer {
  return compoundFile({ WordDocument: wordStream(options), '1Table': Buffer.alloc(1) })
}

function fileHeader(): Buffer {
  const header = Buffer.alloc(SECTOR)
  header.write('d0cf11e0a1b11ae1', 'hex')
  header.writeUInt16LE(0x3e, 0x18)
  header.writeUInt16LE(3, 0x1a)
  header.writeUInt16LE(0xfffe, 0x1c)
  header.writeUInt16LE(9, 0x1e)
  header.writeUInt16LE(6, 0x20)
  header.writeUInt32LE(1, 0x2c)
  header.writeUInt32LE(1, 0x30)
  header.writeUInt32LE(4096, 0x38)
  header.writeUInt32LE(END_OF_CHAIN, 0x3c)
  header.writeUInt32LE(END_OF_CHAIN, 0x44)
  header.fill(0xff, 0x4c)
  header.writeUInt32LE(0, 0x4c)
  return header
}

function entry(
  name: string,
  type: number,
  { right = NONE, child = NONE }: { right?: number; child?: number },
): Buffer {
  const bytes = Buffer.alloc(128)
  bytes.write(name, 'utf16le')
  bytes.writeUInt16LE(2 * name.length + 2, 0x40)
  bytes.writeUInt8(type, 0x42)
  bytes.writeUInt32LE(NONE, 0x44)
  bytes.writeUInt32LE(right, 0x48)
  bytes.writeUInt32LE(child, 0x4c)
  bytes.writeUInt32LE(END_OF_CHAIN, 0x74)
  return bytes
}

function pad(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc(4096 - (content.length % 4096))])
}
