import { BlockList, isIPv4, isIPv6 } from 'node:net'

/**
 * IPv4 addresses that are nobody's on the Internet, or that mean this very network.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const special4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

/**
 * Of 2000::/3, the only IPv6 addresses that were given out: what is special all the same (tunnels that lead to IPv4
 * addresses, and documentation).
 *
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const special6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const refused = new BlockList()
for (const [net, prefix] of special4) refused.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of special6) refused.addSubnet(net, prefix, 'ipv6')

const given = new BlockList()
given.addSubnet('2000::', 3, 'ipv6')

/**
 * Whether an address is one of the Internet at large. One that carries an IPv4 address, mapped (::ffff:0:0/96) or
 * by NAT64 (64:ff9b::/96), is what that one is. A text that is no address is not.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !refused.check(address, 'ipv4')
  if (!isIPv6(address) || address.includes('%')) return false
  const carried = carriedIPv4(address)
  if (carried !== undefined) return isPublicAddress(carried)
  return given.check(address, 'ipv6') && !refused.check(address, 'ipv6')
}

/** The IPv4 address in an IPv6 one that is mapped or of NAT64; undefined: there is none. */
export function carriedIPv4(address: string): string | undefined {
  const groups = groupsOf(address)
  const [a = 0, b = 0] = groups
  const isBare = groups.slice(2, 5).every((group) => group === 0)
  const isMapped = a === 0 && b === 0 && isBare && groups[5] === 0xffff
  const isNat64 = a === 0x64 && b === 0xff9b && isBare && groups[5] === 0
  if (!isMapped && !isNat64) return undefined
  const [high = 0, low = 0] = groups.slice(6)
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

/** The eight groups of a well-formed IPv6 address. */
function groupsOf(address: string): number[] {
  const [left = '', right] = address.split('::')
  const before = parseGroups(left)
  if (right === undefined) return before
  const after = parseGroups(right)
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0)
  return [...before, ...zeros, ...after]
}

function parseGroups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return Number.parseInt(group, 16)
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}
