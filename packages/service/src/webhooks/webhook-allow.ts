import { BlockList, isIP, isIPv4 } from 'node:net'
import { CustodyError, quote } from '@custody/domain/errors'
import { carriedIPv4 } from './public-address.ts'

/** What an operator lets webhooks reach although it is private, or speaks plain HTTP. */
export interface WebhookAllow {
  /** Whether the URL's host is named: it may have any address, and speak plain HTTP. */
  host(url: URL): boolean
  /** Whether the address is in a range that is named. */
  address(address: string): boolean
}

type AllowedHost = {
  /** Undefined: both. */
  readonly protocol: string | undefined
  readonly hostname: string
  /** Undefined: any. */
  readonly port: string | undefined
}

/**
 * Reads `CUSTODY_WEBHOOK_ALLOW`: origins (`http://localhost:9000`), hosts (`hooks.internal`, `localhost:9000`),
 * addresses and ranges (`10.0.0.0/8`, `fd00::/8`).
 *
 * @throws CustodyError `invalid_configuration` that names the entry
 */
export function parseWebhookAllow(entries: readonly string[]): WebhookAllow {
  const hosts: AllowedHost[] = []
  const ranges = new BlockList()
  for (const entry of entries) {
    if (!addRange(ranges, entry)) hosts.push(parseHost(entry))
  }
  const inRanges = (address: string): boolean => {
    if (isIPv4(address)) return ranges.check(address, 'ipv4')
    const carried = carriedIPv4(address)
    return ranges.check(address, 'ipv6') || (carried !== undefined && inRanges(carried))
  }
  return {
    host: (url) => {
      const hostname = hostnameOf(url)
      const port = portOf(url)
      if (isIP(hostname) !== 0 && inRanges(hostname)) return true
      return hosts.some(
        (one) =>
          one.hostname === hostname &&
          (one.protocol === undefined || one.protocol === url.protocol) &&
          (one.port === undefined || one.port === port),
      )
    },
    address: (address) => isIP(address) !== 0 && inRanges(address),
  }
}

/** The host without brackets and without the dot at the end of a full name. */
export function hostnameOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}

/** The port, said or not. */
export function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80')
}

function addRange(ranges: BlockList, entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const bits = family === 4 ? 32 : 128
  const length = prefix === undefined ? bits : Number(prefix)
  if (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && length <= bits)) {
    throw wrong(entry)
  }
  ranges.addSubnet(address, length, type)
  return true
}

function parseHost(entry: string): AllowedHost {
  const hasScheme = /^https?:\/\//.test(entry)
  const text = hasScheme ? entry : `https://${entry}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain =
    url !== undefined &&
    hostnameOf(url) !== '' &&
    ['/', ''].includes(url.pathname) &&
    `${url.username}${url.password}${url.search}${url.hash}` === '' &&
    !/[/*\s]/.test(entry.replace(/^https?:\/\//, '').replace(/\/$/, ''))
  if (!isPlain) throw wrong(entry)
  // A port that is the usual one of its scheme is not told in `port`.
  const said = /:(\d+)\/?$/.exec(entry)?.[1]
  const port = said === undefined ? undefined : String(Number(said))
  return {
    protocol: hasScheme ? url.protocol : undefined,
    hostname: hostnameOf(url),
    port: hasScheme ? portOf(url) : port,
  }
}

function wrong(entry: string): CustodyError {
  return new CustodyError(
    'invalid_configuration',
    `CUSTODY_WEBHOOK_ALLOW has ${quote(entry)}; an entry must be an origin such as http://localhost:9000, a host, an address, or a range such as 10.0.0.0/8.`,
  )
}
