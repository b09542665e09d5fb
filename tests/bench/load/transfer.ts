import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** What the transfer client is to send: made before the clock starts. */
export type Content =
  /** `random` is noise, `json-lines` shrinks to about a tenth: one MiB of either, over and over. */
  | { readonly kind: 'random' | 'json-lines'; readonly bytes: number }
  | { readonly kind: 'batch-lines'; readonly lines: number; readonly bytes: number }

/** One exchange, or several at once, each over a connection of its own. */
export type Transfer = {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  /** The body: the content, between two texts. */
  readonly body?: {
    readonly before: string
    readonly content: Content
    readonly after: string
  }
  /** How many at the same time. Default 1. */
  readonly parallel?: number
  /** How many in all. Default: as many as at the same time. */
  readonly count?: number
}

/** What the client prints, as JSON. */
export type TransferReport = {
  /** From the first connection to the last byte of the last answer. */
  readonly milliseconds: number
  /** In the order in which the exchanges began. */
  readonly answers: readonly {
    readonly status: number
    /** Bytes of the body. */
    readonly bytes: number
    /** Its first 4,096 bytes, as text. */
    readonly text: string
  }[]
}

const client = fileURLToPath(new URL('transfer-client.ts', import.meta.url))

/**
 * Makes a transfer from a process of its own, so that what measures does not share an event loop with what
 * is asked for.
 *
 * @throws Error when any answer has another status than 200 or 206
 */
export async function transfer(given: Transfer): Promise<TransferReport> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [client, JSON.stringify(given)],
    { maxBuffer: 2 ** 24 },
  )
  const report: TransferReport = JSON.parse(stdout)
  const refused = report.answers.find(({ status }) => status !== 200 && status !== 206)
  if (refused) throw new Error(`${given.url} answered ${refused.status}: ${refused.text}`)
  return report
}
