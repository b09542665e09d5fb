/** To the hash thread. `id` names one file; `to` is the number of its bytes that are written by now. */
export type HashRequest =
  | { readonly kind: 'open'; readonly id: number; readonly path: string }
  | { readonly kind: 'advance'; readonly id: number; readonly to: number }
  | { readonly kind: 'end'; readonly id: number; readonly to: number }
  | { readonly kind: 'cancel'; readonly id: number }

/** From the hash thread, once for each file; its descriptor is closed by then. */
export type HashReply =
  | { readonly kind: 'digest'; readonly id: number; readonly sha256: string }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'cancelled'; readonly id: number }
