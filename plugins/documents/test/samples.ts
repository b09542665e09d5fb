import { Buffer } from 'node:buffer'
import { compoundFile, doc } from './build-compound-file.ts'
import { pdf } from './build-pdf.ts'
import { docx, xlsx, zip } from './build-zip.ts'

const latin1 = (text: string) => Buffer.from(text, 'latin1')

/** The first chunks of a PNG of one pixel. */
const png = latin1(
  '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe\xa75\x81\x84\0\0\0\0IEND\xaeB`\x82',
)

/** An MPEG 1 layer 3 frame of 128 kbit/s. */
const mp3Frame = Buffer.concat([Buffer.from('fffb9064', 'hex'), Buffer.alloc(413)])

/** A tag with a picture of 100,000 bytes: the audio begins behind it. */
const id3 = Buffer.concat([
  latin1('ID3\x03\0\0\0\x06\x0d\x20'),
  Buffer.alloc((0x06 << 14) | (0x0d << 7) | 0x20),
])

const ftyp = (brand: string) =>
  Buffer.concat([latin1(`\0\0\0\x18ftyp${brand}\0\0\0\0${brand}isom`), Buffer.alloc(64)])

const ebml = (docType: string) =>
  Buffer.concat([
    Buffer.from('1a45dfa3', 'hex'),
    Buffer.from([0x80 | (3 + docType.length), 0x42, 0x82, 0x80 | docType.length]),
    latin1(docType),
    Buffer.alloc(64),
  ])

/** A file of each kind, by a name of its own. */
export const samples = {
  pdf: pdf(),
  docx: docx(),
  xlsx: xlsx(),
  doc: doc(),
  xls: compoundFile({ Workbook: Buffer.alloc(8) }),
  encrypted: compoundFile({
    EncryptionInfo: Buffer.alloc(8),
    EncryptedPackage: Buffer.alloc(8),
  }),
  zip: zip([{ name: 'a.txt', content: 'a' }]),
  text: Buffer.from('Grüße,1\n'),
  rtf: latin1('{\\rtf1\\ansi Hello}'),
  png,
  jpeg: Buffer.concat([Buffer.from('ffd8ffe000104a46494600', 'hex'), Buffer.alloc(64)]),
  gif: latin1('GIF89a\x01\0\x01\0\0\0\0;'),
  webp: latin1(`RIFF\x1a\0\0\0WEBPVP8 \x0e\0\0\0${'\0'.repeat(14)}`),
  bmp: latin1(`BM\x46\0\0\0\0\0\0\0\x36\0\0\0${'\0'.repeat(56)}`),
  exe: latin1(`MZ\x90\0\x03\0\0\0${'\0'.repeat(56)}`),
  mp3: mp3Frame,
  taggedMp3: Buffer.concat([id3, mp3Frame]),
  mp4: ftyp('isom'),
  m4a: ftyp('M4A '),
  heic: ftyp('heic'),
  wav: latin1(`RIFF\x24\0\0\0WAVEfmt \x10\0\0\0${'\0'.repeat(24)}`),
  webm: ebml('webm'),
  mkv: ebml('matroska'),
} as const

export type Sample = keyof typeof samples
