import type { EventLog, LogReader, ReplayReport } from '@custody/event-log'
import type { Test } from 'tap'
import type { TestClock } from './test-clock.ts'

export type OpenOptions = {
  /** Release of the toy module. Default: 1. */
  readonly release?: 1 | 2
  /** Default: the system's clock. */
  readonly clock?: TestClock
  /** Makes salts predictable. Default: random salts. */
  readonly seed?: string
  /** Gets the text of every defect that the log reports. */
  readonly defects?: string[]
}

/** One log on one engine, with the toy module, for one test. Removed when the test has ended. */
export interface LogStore {
  /** Opens the log, or creates it. It is closed when the test has ended, unless the test does. */
  open(options?: OpenOptions): Promise<EventLog>
  /** Opens it for reading only, beside whoever writes. */
  openReader(release?: 1 | 2): Promise<LogReader>
  /** Builds the index again from the log and compares. */
  replay(release?: 1 | 2): Promise<ReplayReport>
  /** Runs SQL past the log, as somebody with the rights of an administrator can. */
  tamper(sql: string): Promise<void>
  /** Names of the tables that there are. */
  tables(): Promise<string[]>
}

/** Makes an empty log for one test, and sees to its removal. */
export type CreateLogStore = (t: Test) => Promise<LogStore>
