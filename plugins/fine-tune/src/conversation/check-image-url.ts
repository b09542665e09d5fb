import { quote } from '../quote.ts'
import { addIssue, addWarning, type Report } from '../report.ts'

/** Largest image, decoded. */
const MAX_IMAGE_BYTES = 10 * 1024 * 1024

/** An image of a vision example: a web address, or a base64 data URL of a PNG, JPEG or WEBP. */
export function checkImageUrl(report: Report, url: string, at: string): void {
  if (url.startsWith('data:')) {
    checkDataUrl(report, url, at)
  } else if (!isWebAddress(url)) {
    const message = `Invalid image ${quote(url)}: expected an https URL, or a data URL with base64.`
    addIssue(report, 'invalid_image', message, at)
  } else if (url.startsWith('http://')) {
    const message = `The image ${quote(url)} is fetched without encryption; expected an https URL.`
    addWarning(report, 'insecure_image_url', message, at)
  }
}

function isWebAddress(url: string): boolean {
  return (url.startsWith('https://') || url.startsWith('http://')) && URL.canParse(url)
}

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['image/png;base64', 'png'],
  ['image/jpeg;base64', 'jpeg'],
  ['image/jpg;base64', 'jpeg'],
  ['image/webp;base64', 'webp'],
])

type Kind = 'png' | 'jpeg' | 'webp'

function checkDataUrl(report: Report, url: string, at: string): void {
  const comma = url.slice(0, 100).indexOf(',')
  const kind = comma < 0 ? undefined : KINDS.get(url.slice(5, comma).toLowerCase())
  if (kind === undefined) {
    const start = url.slice(0, comma < 0 ? 40 : comma)
    const message = `Invalid image ${quote(start)}: a data URL must begin with 'data:image/png;base64,', 'data:image/jpeg;base64,' or 'data:image/webp;base64,'.`
    addIssue(report, 'invalid_image', message, at)
    return
  }
  const bytes = base64Bytes(url, comma + 1)
  if (bytes === undefined) {
    addIssue(report, 'invalid_image', 'Invalid image: its base64 cannot be decoded.', at)
  } else if (bytes > MAX_IMAGE_BYTES) {
    const message = `The image has ${bytes} bytes; at most ${MAX_IMAGE_BYTES} are allowed.`
    addIssue(report, 'image_too_large', message, at)
  } else if (!hasSignature(url, comma + 1, kind)) {
    const message = `The content of the image is not ${kind}, as its data URL says. Such images may be skipped in training.`
    addWarning(report, 'image_type_mismatch', message, at)
  }
}

/** Bytes that a base64 text stands for, padded or not; undefined when it is none, or empty. */
function base64Bytes(url: string, start: number): number | undefined {
  const strange = /[^A-Za-z0-9+/]/g
  strange.lastIndex = start
  const end = strange.exec(url)?.index ?? url.length
  const padding = url.length - end
  const digits = end - start
  if (digits === 0 || digits % 4 === 1) return undefined
  const isPadded = padding === (4 - (digits % 4)) % 4 && url.endsWith('='.repeat(padding))
  return padding === 0 || isPadded ? Math.floor((digits * 3) / 4) : undefined
}

function hasSignature(url: string, start: number, kind: Kind): boolean {
  const head = Buffer.from(url.slice(start, start + 16), 'base64').toString('latin1')
  if (kind === 'png') return head.startsWith('\x89PNG\r\n\x1a\n')
  if (kind === 'jpeg') return head.startsWith('\xff\xd8\xff')
  return head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP'
}
