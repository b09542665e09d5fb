import { isIP } from 'node:net'
import { CustodyError, quote } from '@custody/domain'
import { isPublicAddress } from './public-address.ts'
import { hostnameOf, portOf, type WebhookAllow } from './webhook-allow.ts'

/**
 * Ports of other protocols, which a request in HTTP could be taken for.
 *
 * @see https://fetch.spec.whatwg.org/#port-blocking
 */
const otherProtocols: ReadonlySet<string> = new Set(
  `0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111
  113 115 117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548
  554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566
  6665 6666 6667 6668 6669 6679 6697 10080`.split(/\s+/),
)

/**
 * Checks where a webhook is to be delivered, as far as its URL tells; what a name means is looked at when it is
 * resolved. Gives back the URL as it is asked for, without a fragment.
 *
 * @throws CustodyError `webhook_url_not_allowed`
 */
export function checkWebhookUrl(text: string, allow: WebhookAllow): URL {
  if (!URL.canParse(text)) throw notAllowed('it is no URL.')
  const url = new URL(text)
  url.hash = ''
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw notAllowed(
      `it must begin with 'https:', but begins with ${quote(url.protocol)}.`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw notAllowed('it must not hold a user or password.')
  }
  if (allow.host(url)) return url
  if (url.protocol === 'http:') throw notAllowed("it must begin with 'https:'.")
  const hostname = hostnameOf(url)
  const isAddress = isIP(hostname) !== 0
  if (isAddress ? !isPublicAddress(hostname) : /(^|\.)localhost$/.test(hostname)) {
    throw notAllowed(`the host ${quote(hostname)} is not on the Internet.`)
  }
  const port = portOf(url)
  if (otherProtocols.has(port)) {
    throw notAllowed(`the port ${quote(port)} belongs to another protocol.`)
  }
  return url
}

function notAllowed(why: string): CustodyError {
  return new CustodyError('webhook_url_not_allowed', `Invalid 'url': ${why}`, {
    param: 'url',
  })
}
