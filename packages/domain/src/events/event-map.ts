/**
 * Every event type with the shape of its data (hashed in clear) and of its private groups (hashed as
 * commitments, erasable). A change of a shape is a new schema number and an upcaster.
 */
export type EventMap = {
  LogCreated: {
    data: {
      readonly log_id: string
      readonly format: number
      readonly software: string
    }
  }
  LogKeyAdded: {
    data: {
      readonly algorithm: 'ed25519'
      /** C2SP vkey: the public half of the key that signs checkpoints from here on. */
      readonly vkey: string
      /** The last part of their origin, from 1. */
      readonly epoch: number
    }
  }
  LogKeyRetired: { data: { readonly vkey: string } }
  /** What was signed before may not be continued by this log: a new epoch begins. */
  LogRestored: {
    data: {
      /** The epoch that begins. */
      readonly epoch: number
      readonly reason: RestoreReason
      /** The last checkpoint that is known of the log as it was; `root` in base64. */
      readonly old: {
        readonly origin: string
        readonly size: number
        readonly root: string
      } | null
    }
  }
  FileUploaded: {
    data: {
      readonly purpose: string
      readonly bytes: number
      /** Unix seconds; null: kept until deleted. */
      readonly expires_at: number | null
      readonly expiry_policy: ExpiryPolicy | null
      readonly validated_by: readonly {
        readonly plugin: string
        readonly version: string
      }[]
      /** `form`, or the id of the upload that it was completed from. */
      readonly source: string
      /** Who may see it, in the client's words, such as `confidential`. */
      readonly classification?: string
      /** The rules that it falls under, such as `hipaa`. */
      readonly compliance_regime?: string
      /** Until then it cannot end, by the project's retention. Unix seconds. */
      readonly retain_until?: number
      /** What else the client asked of its provider, as the dialect understood it; no free text. */
      readonly options?: Readonly<Record<string, unknown>>
    }
    personal: {
      readonly filename: string
      readonly metadata?: Readonly<Record<string, string>>
      /** Options whose value is free text. */
      readonly options?: Readonly<Record<string, string>>
    }
    content: {
      /** Lower-case hex. */
      readonly sha256: string
      readonly declared_type: string | null
      readonly extents: readonly Extent[]
      /** By plugin name. */
      readonly facts: Readonly<Record<string, unknown>>
    }
  }
  FileExpired: {
    data: {
      /** Unix seconds. */ readonly expired_at: number
      readonly policy: ExpiryPolicy
    }
  }
  FileDeleted: { data: { readonly reason: 'request' } }
  FileHeld: {
    data: {
      /** Id of the hold, unique in its file. */
      readonly hold: string
      /** Unix seconds; null: until it is released. */
      readonly retain_until: number | null
    }
    personal: { readonly name: string; readonly note?: string }
  }
  FileReleased: { data: { readonly hold: string } }
  /** The decision; `PrivateDataErased` says what went. It ends a live file. */
  FileErased: {
    data: {
      /** `restore`: it was decided before, and a backup had brought the file back. */
      readonly reason: 'request' | 'restore'
    }
  }
  /** The stored bytes are not those that were uploaded: from here on, nothing is sent of them. */
  FileDamaged: {
    data: {
      /** The first of the file's extents that was found so; there may be more. */
      readonly extent: string
      /** Of sealed content: the first segment that is not authentic, from 0; null: not known. */
      readonly segment: number | null
      readonly found_by: DamageFinder
    }
  }
  /** The extent was read as a whole, and is what was uploaded: the bytes were put back. */
  FileRepaired: { data: { readonly extent: string } }
  FileContentRead: {
    data: {
      readonly file: string
      readonly what: 'content' | 'metadata'
      /** First byte, and the one after the last; null: none was asked for, or the whole. */
      readonly range: { readonly start: number; readonly end: number } | null
      /** Unix milliseconds: when the answer began. */
      readonly read_at: number
      readonly request: string
      /** Reads of the project before this one that could not be written down. */
      readonly lost?: number
    }
  }
  UploadCreated: {
    data: {
      readonly purpose: string
      /** That the file is to have. */
      readonly bytes: number
      /** Unix seconds: when the upload ends unless it was completed. */
      readonly expires_at: number
      /** Seconds from its completion after which the file is to expire; null: what its purpose says. */
      readonly expires_after: number | null
      /** As of the file: see `FileUploaded`. */
      readonly classification?: string
      readonly compliance_regime?: string
      readonly options?: Readonly<Record<string, unknown>>
    }
    personal: {
      readonly filename: string
      readonly metadata?: Readonly<Record<string, string>>
      readonly options?: Readonly<Record<string, string>>
    }
    content: { readonly declared_type: string }
  }
  UploadPartAdded: {
    data: {
      /** Id of the part, and of the extent that holds its bytes. */
      readonly part: string
      readonly bytes: number
    }
    content: { readonly sha256: string }
  }
  UploadCompleted: {
    data: {
      readonly file: string
      /** Those that the file consists of, in its order. */
      readonly parts: readonly string[]
    }
    content: {
      readonly sha256: string
      /** Where the client said what it is. Lower-case hex, as the SHA-256. */
      readonly md5?: string
    }
  }
  UploadCancelled: { data: Readonly<Record<string, never>> }
  UploadExpired: { data: { /** Unix seconds. */ readonly expired_at: number } }
  PrivateDataErased: {
    data: {
      readonly erased: readonly { readonly position: number; readonly group: string }[]
      /** Of erased content: the extents whose bytes are still to be destroyed. */
      readonly extents?: readonly string[]
    }
  }
  ContentDestroyed: { data: { readonly extents: readonly string[] } }
  ProjectCreated: {
    data: { readonly dialect: string; readonly limits: ProjectLimits }
    personal: { readonly name: string }
  }
  ProjectUpdated: {
    data: { readonly limits?: ProjectLimits; readonly dialect?: string }
    personal?: { readonly name: string }
  }
  ProjectArchived: { data: Readonly<Record<string, never>> }
  ServiceAccountCreated: {
    data: { readonly scopes: readonly string[] }
    personal: { readonly name: string }
  }
  /** It has another name. */
  ServiceAccountUpdated: {
    data: Readonly<Record<string, never>>
    personal: { readonly name: string }
  }
  ServiceAccountDeleted: { data: Readonly<Record<string, never>> }
  ApiKeyCreated: {
    data: {
      /** The service account's id; null for the key that the configuration supplies. */
      readonly account: string | null
      readonly scopes: readonly string[]
      /** Unix seconds; null: never. */
      readonly expires_at: number | null
      /** Absent: only the project's limit holds. */
      readonly uploads_per_minute?: number
    }
    personal: { readonly name: string }
    credential: {
      /** SHA-256 of the key, lower-case hex. */
      readonly sha256: string
      /** What may be shown of it, such as `sk-abc...wxyz`. */
      readonly redacted: string
    }
  }
  ApiKeyUpdated: {
    data: {
      readonly scopes?: readonly string[]
      readonly expires_at?: number | null
      /** null: no longer limited. */
      readonly uploads_per_minute?: number | null
    }
  }
  ApiKeyRevoked: {
    data: { readonly reason: 'request' | 'account_deleted' | 'configuration' }
  }
  WebhookCreated: {
    data: {
      /** Names such as `file.uploaded`; `*`: all. */
      readonly events: readonly string[]
      /** Id of the secret that signs, which is kept beside the log. */
      readonly secret: string
    }
    personal: { readonly url: string; readonly description?: string }
  }
  WebhookUpdated: {
    data: {
      readonly events?: readonly string[]
      /** It is delivered to again. */
      readonly enabled?: true
      /** Id of the secret that signs from here on. */
      readonly secret?: string
      /** Unix seconds until which the former secrets sign as well. */
      readonly former_until?: number
    }
    personal?: { readonly url?: string; readonly description?: string | null }
  }
  WebhookDisabled: { data: { readonly reason: 'request' | 'failing' | 'gone' } }
  WebhookDeleted: { data: Readonly<Record<string, never>> }
  ConsumerSkipped: { data: { readonly consumer: string; readonly position: number } }
  /** An operator had the tables of a projection built anew from the log. */
  IndexRebuilt: { data: { readonly projection: string } }
  /** An operator says that the wall clock is right, and what waits for that goes on. */
  ClockAccepted: {
    data: {
      /** Unix milliseconds: what the clock said. The event's own time is never before the event before it. */
      readonly wall_time: number
      /** `jumped`: it had parted from the monotonic clock · `behind`: events of the log were ahead of it. */
      readonly problem: 'jumped' | 'behind'
    }
  }
  /** Every key of content is wrapped under another master key by now, and the former one opens nothing any more. */
  MasterKeyRotated: {
    /** Ids of master keys. */
    data: { readonly from: string; readonly to: string }
  }
}

/** Why a new epoch began. Nothing writes `move` yet. */
export type RestoreReason = 'rollback' | 'restore' | 'import' | 'move'

/** `read`: somebody asked for the content · `scrub`: it was looked at for this. */
export type DamageFinder = 'read' | 'scrub'

/** By whose word a file expires: the client’s, that of the purpose, or the project’s. */
export type ExpiryPolicy = 'request' | 'purpose' | 'project'

/** A part of a file's bytes. Where it lies is not the log's matter. */
export type Extent = {
  readonly id: string
  readonly bytes: number
  readonly sha256: string
}

/** Limits that a project sets for itself. */
export type ProjectLimits = {
  readonly max_file_bytes?: number
  readonly purposes?: Readonly<
    Record<
      string,
      { readonly max_bytes?: number; readonly default_expiry_seconds?: number }
    >
  >
  readonly quota_bytes?: number
  readonly uploads_per_minute?: number
  readonly retain_seconds?: number
}

/** The types that there are: `FileUploaded` and so on. */
export type EventType = keyof EventMap

/** An event that was decided and has no place in the log yet. */
export type DomainEvent<T extends EventType = EventType> = {
  [K in T]: {
    readonly type: K
    /** The stream that it belongs to: the id of a file, project, account, key, webhook; `log`. */
    readonly stream: string
    /** The stream's version before, or `latest` where the state does not tell it. */
    readonly after: number | 'latest'
    readonly data: EventMap[K]['data']
    readonly private?: Omit<EventMap[K], 'data'>
  }
}[T]

/** An event in its place, as projections see it. Erased groups are absent. */
export type PlacedEvent<T extends EventType = EventType> = {
  [K in T]: {
    readonly type: K
    readonly stream: string
    readonly version: number
    readonly position: number
    readonly project: string
    readonly seq: number
    /** Microseconds since the Unix epoch. */
    readonly time: number
    readonly actor: string
    readonly data: EventMap[K]['data']
    readonly private: Partial<Omit<EventMap[K], 'data'>>
  }
}[T]

/** Whether an erasure names a private group. */
export function isErased(
  { data }: PlacedEvent<'PrivateDataErased'>,
  position: number,
  group: string,
): boolean {
  return data.erased.some((one) => one.position === position && one.group === group)
}

/** The project of events that are the deployment's own. */
export const SYSTEM_PROJECT = 'system'
