import type { UploadSpool } from '@custody/blob-store'
import type { QuotaLedger, Reservation } from './quota-ledger.ts'

/** A spool that reserves room in the project's quota for each chunk before it takes it. */
export function reservingSpool(
  spool: UploadSpool,
  reservation: Reservation,
  ledger: Pick<QuotaLedger, 'put'>,
): UploadSpool {
  return {
    get bytes() {
      return spool.bytes
    },
    get staged() {
      return spool.staged
    },
    write(chunk) {
      const covered = reservation.cover(spool.bytes + chunk.length)
      return covered ? covered.then(() => spool.write(chunk)) : spool.write(chunk)
    },
    async end() {
      const content = await spool.end()
      ledger.put(content, reservation)
      return content
    },
    discard: () => spool.discard(),
  }
}
