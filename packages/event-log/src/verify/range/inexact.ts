/** A row whose texts may stand for other bytes than those that are stored. */
export type Inexact = {
  readonly table: 'events' | 'event_private'
  readonly key: { readonly position: number; readonly grp?: string }
}

/** What a text turns to where its bytes are no UTF-8. */
const REPLACEMENT = '\ufffd'

/** Whether what was read as this text may have other bytes. */
export const mayBeInexact = (text: string) => text.includes(REPLACEMENT)
