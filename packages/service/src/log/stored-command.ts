import type { ExtentFormat } from '@custody/blob-store'
import type {
  AddPart,
  Command,
  CreateWebhook,
  DeleteWebhook,
  DisabledReason,
  RotateWebhookSecret,
  UpdateWebhook,
  UploadFile,
} from '@custody/domain'
import type { ConsumerState } from '@custody/event-log'
import type { KeyUseRow, MasterKeyRow, WebhookDeliveryRow } from '@custody/file-index'

/**
 * An upload with the places of its extents, which the log does not record: an inline extent's bytes are
 * the attachment with the same index.
 */
export type StoredUpload = UploadFile & { readonly places: readonly Place[] }

/** A part with the place of its extent. */
export type StoredPart = AddPart & { readonly place: Place }

/** Where an extent lies. */
export type Place = {
  readonly place: 'inline' | 'disk'
  readonly format: ExtentFormat
  /** As it is stored, which is not as long as the content. */
  readonly storedBytes: number
  /** Of sealed content: what opens it. */
  readonly key?: {
    /** Id of the master key. */
    readonly kek: string
    /** The data key under it, base64. */
    readonly wrapped: string
  }
}

/** Writes down which master keys there are: beside the log, as they change no event. */
export type RecordMasterKeys = {
  readonly type: 'RecordMasterKeys'
  readonly keys: readonly MasterKeyRow[]
}

/** Puts data keys under another master key: beside the log as well. */
export type RewrapKeys = {
  readonly type: 'RewrapKeys'
  /** Ids of master keys. */
  readonly from: string
  readonly to: string
  /** The data keys under the other one, base64. */
  readonly keys: readonly { readonly extent: string; readonly wrapped: string }[]
}

/** Ends a rotation: nothing is wrapped under the former key any more. */
export type RetireMasterKey = {
  readonly type: 'RetireMasterKey'
  readonly from: MasterKeyRow
  /** Id of the active one. */
  readonly to: string
}

/** Writes down when keys were last used: beside the log, so it leads to no event. */
export type RecordKeyUses = {
  readonly type: 'RecordKeyUses'
  readonly uses: readonly KeyUseRow[]
}

/** The secret comes as the attachment: encrypted, under the key with this fingerprint. */
type WithSecret = { readonly sealingKey: string }

/** How an attempt to deliver an event went, with the consumer's checkpoint: beside the log. */
export type RecordDelivery = {
  readonly type: 'RecordDelivery'
  readonly webhook: string
  /** Version of the webhook that was delivered to. */
  readonly version: number
  readonly delivery: WebhookDeliveryRow
  /** What the consumer's checkpoint becomes, if it stands at position `expected`. */
  readonly consumer: ConsumerState
  readonly expected: number
  /** Removes deliveries that are not kept any longer. */
  readonly trim: boolean
  /** Why the webhook is disabled along with it; null: it is not. */
  readonly disable: DisabledReason | null
}

export type StoredWebhookCommand =
  | (CreateWebhook & WithSecret)
  | UpdateWebhook
  | (RotateWebhookSecret & WithSecret)
  | DeleteWebhook
  | RecordDelivery

/** What is handed to the log. */
export type StoredCommand =
  | Exclude<Command, UploadFile | AddPart | CreateWebhook | RotateWebhookSecret>
  | StoredUpload
  | StoredPart
  | RecordKeyUses
  | RecordMasterKeys
  | RewrapKeys
  | RetireMasterKey
  | StoredWebhookCommand
