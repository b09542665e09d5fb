import { createPublicKey, verify } from 'node:crypto'

export type PlainCheckpoint = {
  readonly origin: string
  readonly size: number
  /** Base64. */
  readonly root: string
}

/**
 * Reads a signed checkpoint with nothing but `node:crypto`.
 * @param vkey `<name>+<key id>+<base64>`
 * @returns undefined where the signature is not by this key
 */
export function plainCheckpoint(note: string, vkey: string): PlainCheckpoint | undefined {
  const [text = '', signatures = ''] = note.split('\n\n')
  const [origin = '', size = '', root = ''] = text.split('\n')
  const [name = '', , ...rest] = vkey.trim().split('+')
  const key = createPublicKey({
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      // One byte says which algorithm it is.
      x: Buffer.from(rest.join('+'), 'base64').subarray(1).toString('base64url'),
    },
    format: 'jwk',
  })
  const signed = signatures.split('\n').some((line) => {
    const [dash, by, base64 = ''] = line.split(' ')
    // Four bytes say whose key it is.
    const signature = Buffer.from(base64, 'base64').subarray(4)
    return (
      dash === '—' &&
      by === name &&
      verify(null, Buffer.from(`${text}\n`), key, signature)
    )
  })
  return signed && name === origin ? { origin, size: Number(size), root } : undefined
}
