import { checkSize } from '../merkle/sizes.ts'
import { parseDecimal } from '../text/decimal.ts'
import { MalformedError } from '../text/malformed-error.ts'

/** Which log speaks: the origin of its checkpoints, and the name of its key. */
export type LogOrigin = {
  /** The identity that the log got at its birth: 1 to 64 of `a` to `z`, `0` to `9` and `-`. */
  readonly logId: string
  /** Counts how often the log was restored, imported or moved: an integer from 0 to 2^53 − 1. */
  readonly epoch: number
}

/**
 * `custody/<log id>/<epoch>`.
 * @throws MalformedError if the log id is unfit
 * @throws RangeError if the epoch is
 */
export function formatOrigin({ logId, epoch }: LogOrigin): string {
  checkSize(epoch)
  checkLogId(logId)
  return `custody/${logId}/${epoch}`
}

/** @throws MalformedError if it is not the origin of a log of this kind */
export function parseOrigin(text: string): LogOrigin {
  const [custody, logId = '', epoch = '', ...more] = text.split('/')
  if (custody !== 'custody' || more.length > 0) {
    throw new MalformedError('origin', 'custody/<log id>/<epoch>', text)
  }
  checkLogId(logId)
  return { logId, epoch: parseDecimal('epoch', epoch) }
}

function checkLogId(logId: string): void {
  if (!/^[a-z0-9-]{1,64}$/.test(logId)) {
    throw new MalformedError('log id', '1 to 64 of a-z, 0-9 and the hyphen', logId)
  }
}
