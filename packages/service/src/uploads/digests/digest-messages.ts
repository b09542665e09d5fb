export type Algorithm = 'sha256' | 'md5'

/** To the digest thread. `id` names one content. */
export type DigestRequest =
  | {
      readonly kind: 'open'
      readonly id: number
      readonly algorithms: readonly Algorithm[]
    }
  | { readonly kind: 'update'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'cancel'; readonly id: number }

/** From the digest thread. */
export type DigestReply =
  /** So many bytes more were taken. */
  | { readonly kind: 'taken'; readonly id: number; readonly bytes: number }
  /** Lower-case hex, by algorithm. */
  | {
      readonly kind: 'digests'
      readonly id: number
      readonly digests: Readonly<Partial<Record<Algorithm, string>>>
    }
