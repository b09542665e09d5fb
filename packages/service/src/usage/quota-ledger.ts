import type { SpooledContent } from '@custody/blob-store'
import { CustodyError } from '@custody/domain'

/** What a running upload takes of its project's quota, until the log counts it. */
export interface Reservation {
  /**
   * Makes it `bytes` in all; it never shrinks. A promise only where what is stored has to be looked up. When it is
   * refused, what it had is free again.
   *
   * @throws CustodyError `storage_quota_exceeded`
   */
  cover(bytes: number): void | Promise<void>
  /** Ends it as the upload is handed to the log, which counts it from then on. */
  handOver(): void
  /** Ends it: the upload came to nothing. Safe at any time. */
  release(): void
}

/**
 * Reservations of uploads in this process, so that a quota can refuse a body while it streams. The last word has the
 * log, which counts under its lock; here nobody is refused who would fit. Counted twice is nothing: a reservation
 * ends before the log can count its bytes. For that moment they are counted by nobody, and the log corrects it.
 */
export interface QuotaLedger {
  /** `atLeast`: bytes that the file will have at least, where that is known before it has come. */
  open(options: {
    readonly project: string
    readonly quota: number
    readonly atLeast: number
  }): Reservation
  /** Remembers which reservation a content was spooled under. */
  put(content: SpooledContent, reservation: Reservation): void
  of(content: SpooledContent): Reservation | undefined
  /** What running uploads of the project have reserved. */
  reservedBytes(project: string): number
}

type Account = {
  reserved: number
  /** The bytes of all reservations that were handed over so far. */
  handed: number
  /** What was stored when it was looked up last, and what was handed over since: deletes may have made it less. */
  storedAtMost: number
}

/** `storedBytes`: what the live files of a project have, as the log says. */
export function createQuotaLedger(
  storedBytes: (project: string) => Promise<number>,
): QuotaLedger {
  const accounts = new Map<string, Account>()
  const byContent = new WeakMap<SpooledContent, Reservation>()

  function accountOf(project: string): Account {
    let account = accounts.get(project)
    if (!account) {
      account = { reserved: 0, handed: 0, storedAtMost: Number.POSITIVE_INFINITY }
      accounts.set(project, account)
    }
    return account
  }

  function open({
    project,
    quota,
    atLeast,
  }: {
    project: string
    quota: number
    atLeast: number
  }): Reservation {
    const account = accountOf(project)
    let held = 0
    let ended = false

    function end(): void {
      ended = true
      account.reserved -= held
      held = 0
    }

    /** Whether the file fits beside `stored` bytes and the other reservations. */
    const fits = (bytes: number, stored: number) =>
      stored + account.reserved - held + Math.max(bytes, atLeast) <= quota

    function hold(bytes: number): void {
      account.reserved += bytes - held
      held = bytes
    }

    async function lookUp(bytes: number): Promise<void> {
      const before = account.handed
      const stored = await storedBytes(project)
      account.storedAtMost = stored + account.handed - before
      if (ended) return
      if (fits(bytes, stored)) return hold(bytes)
      const others = account.reserved - held
      end()
      throw new CustodyError(
        'storage_quota_exceeded',
        `The file has at least ${Math.max(bytes, atLeast)} bytes; ` +
          `${Math.max(0, quota - stored - others)} of the project's ${quota} bytes are left.`,
      )
    }

    return {
      cover(bytes) {
        if (ended || bytes <= held) return
        if (fits(bytes, account.storedAtMost)) return hold(bytes)
        return lookUp(bytes)
      },
      handOver() {
        if (ended) return
        account.handed += held
        account.storedAtMost += held
        end()
      },
      release() {
        if (!ended) end()
      },
    }
  }

  return {
    open,
    put: (content, reservation) => void byContent.set(content, reservation),
    of: (content) => byContent.get(content),
    reservedBytes: (project) => accounts.get(project)?.reserved ?? 0,
  }
}
