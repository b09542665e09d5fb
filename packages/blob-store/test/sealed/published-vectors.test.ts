import t from 'tap'
import { openSeekable } from '../../src/sealed/open-seekable.ts'
import { plainStream } from '../fixtures/plain-stream.ts'

// The sealer is compared with the plain implementation in sealed-stream.test.ts, and that one with these: none of them
// has the parameters that the sealer is made for.

const short = '6eb56cdc726dfbe5d57f2fcdc6e9345b'
const long = `00112233445566778899aabbccddeeff${short}`
const base = { ikm: short, hash: 'sha1', keyBytes: 16, segmentBytes: 64 }

/**
 * Tink's test vectors of AES-GCM-HKDF streaming.
 *
 * @see https://github.com/tink-crypto/tink-java, AesGcmHkdfStreamingTestUtil
 */
const vectors = [
  {
    ...base,
    content:
      'This is a fairly long plaintext. It is of the exact length to create three output blocks. ',
    aad: Buffer.from('aad'),
    stream:
      '1893b3af5e14ab378d065addfc8484da642c0862877baea8' +
      'db92d9c77406a406168478821c4298eab3e6d531277f4c1a051714faebcaefcbca7b7be05e9445ea' +
      'a0bb2904153398a25084dd80ae0edcd1c3079fcea2cd3770630ee36f7539207b8ec9d754956d486b71cdf989f0ed6fba6779b63558be0a66e668df14e1603cd2' +
      'af8944844078345286d0b292e772e7190775c51a0f83e40c0b75821027e7e538e111',
  },
  {
    ...base,
    stream:
      '18ec99b2c3884194023bd41bb9bff309205354c750fa0cb3c0d02609abf71f88eaeaa48d7deca27f',
  },
  {
    ...base,
    hash: 'sha256',
    stream:
      '18be78bce0cab6fd38a9041eea8ab0ffc4cf17e3c00b661d3927f5f79069f41a210fedc40b25648c',
  },
  {
    ...base,
    hash: 'sha512',
    stream:
      '18fec8139ccb406e0f140d7e2bcc41e1b899bc1b121574cc31d1c78ed2ca1cdf324665b8dce21095',
  },
  {
    ...base,
    ikm: long,
    stream:
      '180880e85a24207a7b72cefde26306ed09d7d76e58104b751d005a3ffd72dd6151f0d9c8ccf163f7',
  },
  ...[64, 128].map((segmentBytes) => ({
    ...base,
    ikm: long,
    keyBytes: 32,
    segmentBytes,
    stream:
      '28fae780c70a82d1256c8303a1261ac6a98cf557b4e173967a62f3c149517ba5b2431da93b3c6e90f508b34dc14bfda59bab05681c6ad3fa',
  })),
  {
    ...base,
    ikm: long,
    keyBytes: 32,
    segmentBytes: 120,
    content: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `BLOCK ${n}.`).join(''),
    aad: Buffer.of(0, 1, 2, 3),
    stream:
      '28782994617714a80fa085e15051a16854522330d6d0f26c049b2192f09cdd98b2eb90c753bfff277a29e54fa4afb15d648c28477eb07f012535c767f5fdce24ffffae318480c1d37357d6d3c511159318afa09ef38aa3f5456fd7817c5c02dd6e1a7fef174c8bd24e38b5982ac105497c0101ac5581fe5b',
  },
]

t.test('the plain stream is that of Tink’s test vectors', async (t) => {
  for (const vector of vectors) {
    const { ikm, hash, keyBytes, segmentBytes, stream } = vector
    const { content, aad } = { content: '', aad: Buffer.alloc(0), ...vector }
    const bytes = Buffer.from(stream, 'hex')
    const header = bytes[0] ?? 0
    const made = plainStream(Buffer.from(content), {
      ikm: Buffer.from(ikm, 'hex'),
      hash,
      keyBytes,
      segmentBytes,
      aad,
      // They are what is random in a stream.
      salt: bytes.subarray(1, header - 7),
      prefix: bytes.subarray(header - 7, header),
    })
    t.equal(made.toString('hex'), stream)
  }
})

/**
 * A file in zstd's seekable format, with and without checksums, as another implementation has it in its tests.
 *
 * @see https://github.com/SaveTheRbtz/zstd-seekable-format-go, reader_test.go
 */
const frames =
  '28b52ffd0400210000' + '74657374398167db' + '28b52ffd0400290000' + '746573743287eb1171'
const seekables = {
  'with checksums':
    `${frames}5e2a4d1821000000` +
    '1100000004000000398167db' +
    '120000000500000087eb1171' +
    '0200000080b1ea928f',
  'without checksums':
    `${frames}5e2a4d1819000000` +
    '1100000004000000' +
    '1200000005000000' +
    '0200000000b1ea928f',
}

for (const [which, hex] of Object.entries(seekables)) {
  t.test(`a seekable file of another implementation is read, ${which}`, async (t) => {
    const bytes = Buffer.from(hex, 'hex')
    const opened = await openSeekable({
      read: (start, end) => [bytes.subarray(start, end)],
      storedBytes: bytes.length,
    })
    t.equal(opened.bytes, 9)
    for (const [start, end, expected] of [
      [0, 9, 'testtest2'],
      [3, 5, 'tt'],
      [8, 9, '2'],
    ] as const) {
      const chunks: Uint8Array[] = []
      for await (const chunk of opened.read(start, end, {})) chunks.push(chunk)
      t.equal(Buffer.concat(chunks).toString(), expected)
    }
  })
}
