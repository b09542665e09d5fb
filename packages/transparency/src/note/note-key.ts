import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto'
import { decodeBase64, encodeBase64 } from '../text/base64.ts'
import { MalformedError } from '../text/malformed-error.ts'
import { checkText } from '../text/read-text.ts'

/** An Ed25519 public key under a name, which together know the signatures of one signer. */
export type VerifierKey = {
  /** Not empty, without Unicode spaces and plus signs. A log's is the origin of its checkpoints. */
  readonly name: string
  /** 32 bits that a signature carries to say whose it is; no protection by itself. */
  readonly keyId: number
  readonly key: KeyObject
}

/** The private key of a signer, with what verifies it. */
export type SignerKey = {
  readonly verifier: VerifierKey
  readonly key: KeyObject
}

const keyBytes = 32
const ed25519 = 0x01
const secretPrefix = 'PRIVATE+KEY+'

// A raw Ed25519 key in the DER that Node takes: RFC 8410, which has a fixed head for each.
const publicHead = Buffer.from('302a300506032b6570032100', 'hex')
const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * The signer with this name and seed.
 * @param seed 32 random bytes: the private key of RFC 8032
 * @throws MalformedError if the name is unfit
 * @throws RangeError if the seed is not 32 bytes long
 */
export function makeSignerKey(name: string, seed: Uint8Array): SignerKey {
  checkLength(seed)
  const key = createPrivateKey({
    key: Buffer.concat([privateHead, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  return { verifier: verifierOf(name, createPublicKey(key)), key }
}

/**
 * The verifier with this name and public key.
 * @param publicKey 32 bytes, as RFC 8032 encodes it
 * @throws MalformedError if the name is unfit
 * @throws RangeError if the key is not 32 bytes long
 */
export function makeVerifierKey(name: string, publicKey: Uint8Array): VerifierKey {
  checkLength(publicKey)
  const der = Buffer.concat([publicHead, publicKey])
  return verifierOf(name, createPublicKey({ key: der, format: 'der', type: 'spki' }))
}

/**
 * Reads a verifier key: `<name>+<key id in hex>+<base64>`, also known as a vkey.
 * @throws MalformedError if it is not one, its key id is not the one of its name and key, or its
 *   algorithm is not Ed25519
 * @see https://c2sp.org/signed-note#verifier-keys
 */
export function parseVerifierKey(text: string): VerifierKey {
  const key = parseKey(text, makeVerifierKey)
  if (key === undefined || formatVerifierKey(key) !== text) {
    throw new MalformedError(
      'verifier key',
      '<name>+<key id>+<base64 of an Ed25519 key>',
      text,
    )
  }
  return key
}

/** The key as a C2SP vkey: `<name>+<key id>+<base64>`. */
export function formatVerifierKey({ name, keyId, key }: VerifierKey): string {
  return formatKey(name, keyId, publicBytes(key))
}

/**
 * Reads a signer key: `PRIVATE+KEY+<name>+<key id in hex>+<base64>`, the form that the tools around
 * the Go checksum database write, also known as an skey. No error shows the text.
 * @throws MalformedError if it is not one, its key id is not the one of its name and key, or its
 *   algorithm is not Ed25519
 * @see https://pkg.go.dev/golang.org/x/mod/sumdb/note
 */
export function parseSignerKey(text: string): SignerKey {
  const key = text.startsWith(secretPrefix)
    ? parseKey(text.slice(secretPrefix.length), makeSignerKey)
    : undefined
  if (key === undefined || formatSignerKey(key) !== text) {
    throw new MalformedError(
      'signer key',
      `${secretPrefix}<name>+<key id>+<base64 of an Ed25519 seed>`,
    )
  }
  return key
}

/** The text holds the private key: keep it secret. */
export function formatSignerKey({ verifier, key }: SignerKey): string {
  const seed = key.export({ format: 'der', type: 'pkcs8' }).subarray(privateHead.length)
  return `${secretPrefix}${formatKey(verifier.name, verifier.keyId, seed)}`
}

/** @throws MalformedError if it cannot be the name of a key */
export function checkKeyName(name: string): void {
  if (name === '' || /[\p{White_Space}+]/u.test(name)) {
    throw new MalformedError('key name', 'a text without spaces and plus signs', name)
  }
  checkText('key name', name)
}

function parseKey<Key>(
  text: string,
  make: (name: string, bytes: Uint8Array) => Key,
): Key | undefined {
  const [name = '', keyId, base64 = '', ...more] = text.split('+')
  // Base64 has plus signs too.
  const encoded = [base64, ...more].join('+')
  if (keyId === undefined) return undefined
  try {
    const bytes = decodeBase64('key', encoded)
    if (bytes[0] !== ed25519 || bytes.length !== 1 + keyBytes) return undefined
    return make(name, bytes.subarray(1))
  } catch (error) {
    if (error instanceof MalformedError) return undefined
    throw error
  }
}

function formatKey(name: string, keyId: number, bytes: Uint8Array): string {
  const id = keyId.toString(16).padStart(8, '0')
  return `${name}+${id}+${encodeBase64(Buffer.of(ed25519, ...bytes))}`
}

function verifierOf(name: string, key: KeyObject): VerifierKey {
  checkKeyName(name)
  const typed = Buffer.of(ed25519, ...publicBytes(key))
  const digest = hash(
    'sha256',
    Buffer.concat([Buffer.from(`${name}\n`), typed]),
    'buffer',
  )
  return { name, keyId: digest.readUInt32BE(), key }
}

function publicBytes(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(publicHead.length)
}

function checkLength(bytes: Uint8Array): void {
  if (bytes.length !== keyBytes) {
    throw new RangeError(`an Ed25519 key has ${keyBytes} bytes, not ${bytes.length}`)
  }
}
