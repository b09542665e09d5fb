import fc from 'fast-check'
import t from 'tap'
import { carriedIPv4, isPublicAddress } from '../../src/webhooks/public-address.ts'

const refused = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:ffff:a00:1',
  '::FFFF:192.168.0.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::8.8.8.8',
  '100::1',
  '2001::1',
  '2001:0:7f00:1::',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  '2606:4700::1111%eth0',
  'fec0::1',
  'ff02::1',
  '4000::1',
  'localhost',
  '',
  '1.2.3',
  '08.8.8.8',
]
const accepted = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '128.0.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '192.167.255.255',
  '198.17.255.255',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2001:200::1',
  '2A00:1450:4001:80b::200e',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
]

t.test('addresses that are not on the Internet are refused', async (t) => {
  for (const address of refused) t.equal(isPublicAddress(address), false, address)
})

t.test('addresses on the Internet are taken', async (t) => {
  for (const address of accepted) t.equal(isPublicAddress(address), true, address)
})

// The same by plain arithmetic: ranges of numbers, both ends inclusive.
const ranges4: readonly (readonly [number, number])[] = [
  [0x00000000, 0x00ffffff],
  [0x0a000000, 0x0affffff],
  [0x64400000, 0x647fffff],
  [0x7f000000, 0x7fffffff],
  [0xa9fe0000, 0xa9feffff],
  [0xac100000, 0xac1fffff],
  [0xc0000000, 0xc00000ff],
  [0xc0000200, 0xc00002ff],
  [0xc0586300, 0xc05863ff],
  [0xc0a80000, 0xc0a8ffff],
  [0xc6120000, 0xc613ffff],
  [0xc6336400, 0xc63364ff],
  [0xcb007100, 0xcb0071ff],
  [0xe0000000, 0xffffffff],
]
const isPublic4 = (value: number) =>
  !ranges4.some(([first, last]) => value >= first && value <= last)

function isPublic6(value: bigint): boolean {
  if (value >> 32n === 0xffffn || value >> 32n === 0x64ff9bn << 64n) {
    return isPublic4(Number(value & 0xffffffffn))
  }
  if (value >> 125n !== 1n) return false
  const top = Number(value >> 96n)
  return !(
    top >>> 9 === 0x20010000 >>> 9 ||
    top === 0x20010db8 ||
    top >>> 16 === 0x2002 ||
    top >>> 12 === 0x3fff0
  )
}

const format4 = (value: number) =>
  [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.')

/** The ways to write an IPv6 address: in full, cut, in capitals, with an IPv4 address at its end. */
function formats6(value: bigint): string[] {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  )
  const full = groups.join(':')
  const dotted = `${groups.slice(0, 6).join(':')}:${format4(Number(value & 0xffffffffn))}`
  const short = new URL(`http://[${full}]/`).hostname.slice(1, -1)
  return [
    full,
    dotted,
    short,
    full.toUpperCase(),
    groups.map((g) => g.padStart(4, '0')).join(':'),
  ]
}

const near4 = fc.oneof(
  fc.nat({ max: 0xffffffff }),
  fc
    .tuple(fc.constantFrom(...ranges4.flat()), fc.integer({ min: -2, max: 2 }))
    .map(([edge, step]) => Math.min(Math.max(edge + step, 0), 0xffffffff)),
)
const prefixes = [
  0n,
  0xffffn << 32n,
  0x64ff9bn << 96n,
  0x64ff9b0001n << 80n,
  0x2001n << 112n,
  0x20010db8n << 96n,
  0x200101ffn << 96n,
  0x20010200n << 96n,
  0x2002n << 112n,
  0x3fffn << 112n,
  0x3fff1000n << 96n,
  0x4000n << 112n,
  0xfe80n << 112n,
]
const near6 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
  fc
    .tuple(fc.constantFrom(...prefixes), near4, fc.bigInt({ min: -1n, max: 1n }))
    .map(([prefix, low, step]) => prefix + BigInt(low) + step)
    .filter((value) => value >= 0n),
)

t.test('an IPv4 address is judged by its number', async () => {
  fc.assert(
    fc.property(near4, (value) => isPublicAddress(format4(value)) === isPublic4(value)),
    { numRuns: 2_000 },
  )
})

t.test('an IPv6 address is judged by its number, however it is written', async () => {
  fc.assert(
    fc.property(near6, (value) =>
      formats6(value).every((text) => isPublicAddress(text) === isPublic6(value)),
    ),
    { numRuns: 2_000 },
  )
})

t.test('an IPv4 address is found in those that carry one', async (t) => {
  t.equal(carriedIPv4('::ffff:1.2.3.4'), '1.2.3.4')
  t.equal(carriedIPv4('64:ff9b::102:304'), '1.2.3.4')
  t.equal(carriedIPv4('2001:db8::1.2.3.4'), undefined)
})
