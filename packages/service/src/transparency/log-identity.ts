import { CustodyError, type EventMap } from '@custody/domain'
import type { LogReader } from '@custody/event-log'

/** Which log it is, and with which key it signs, as its own events say. */
export type LogIdentity = {
  readonly logId: string
  /** From 1; 0: the log has no key yet. */
  readonly epoch: number
  /** C2SP vkeys of all epochs, the present one first. */
  readonly vkeys: readonly string[]
}

/** @throws CustodyError `log_damaged` where the log does not begin with its identity */
export async function readLogIdentity(reader: LogReader): Promise<LogIdentity> {
  const [first] = await reader.read({ limit: 1 })
  if (first?.record.type !== 'LogCreated') {
    throw new CustodyError('log_damaged', 'The log does not begin with its identity.')
  }
  // A page is enough: an epoch begins when somebody restores a log.
  const added = await reader.read({ types: ['LogKeyAdded'], direction: 'backward' })
  const keys = added.map(({ record }) => record.data as EventMap['LogKeyAdded']['data'])
  return {
    logId: (first.record.data as EventMap['LogCreated']['data']).log_id,
    epoch: keys[0]?.epoch ?? 0,
    vkeys: keys.map(({ vkey }) => vkey),
  }
}
