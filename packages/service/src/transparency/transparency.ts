import type { Principal } from '../auth/principal.ts'

/** Whose events are asked for: a project's own by its positions, or with the admin key all of the log by its own. */
export type Asker = Principal | 'admin'

/** Which event: the upload of a file, or one by its position. */
export type EventChoice =
  | {
      /** Plain UUID. */
      readonly file: string
      readonly idAsSent: string
      /** The parameter that the refusal names. */
      readonly param: string
    }
  | { readonly position: number }

/** What the log proves of itself. Texts are those of docs/formats.md. */
export interface Transparency {
  /** C2SP vkey of the key that signs now. */
  readonly verifierKey: string
  /**
   * The checkpoint of the log as it is; under load, one of the last second that has at least so many events.
   * @throws CustodyError `log_damaged`
   */
  checkpoint(atLeast?: number): Promise<string>
  /**
   * A tile or an entry bundle by its path, from `tile/` on. Whether it is full, and so never changes, is told as well.
   * @throws CustodyError `tile_not_found` for any other path, or more than the log has
   */
  tile(path: string): Promise<{ readonly bytes: Uint8Array; readonly full: boolean }>
  /**
   * That the log begins with its first `from` events, with a checkpoint.
   * @throws CustodyError `integer_above_max_value` for more events than there are
   */
  consistency(from: number): Promise<string>
  /** That an event is in the log, with a checkpoint. @throws CustodyError `file_not_found`, `event_not_found` */
  proof(asker: Asker, choice: EventChoice): Promise<string>
  /** Record, proof and private data of an upload. @throws CustodyError `file_not_found` */
  receipt(asker: Asker, choice: EventChoice): Promise<string>
}
