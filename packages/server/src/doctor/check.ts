import type { LogReader } from '@custody/event-log'
import type { Config } from '../config/load-config.ts'
import type { DataFolder } from '../data-folder/data-folder.ts'
import type { RunningServer } from '../data-folder/server-file.ts'

/** Something that is not as it should be. */
export type DoctorFinding = {
  /** What, as a sentence. */
  readonly problem: string
  /** What to do about it, as sentences. */
  readonly action: string
}

/** What one check found. */
export type CheckResult = {
  /** What was looked at, in a few words. */
  readonly summary: string
  readonly findings: readonly DoctorFinding[]
}

/** What checks look at. Nothing is written, and no lock is held. */
export type CheckContext = {
  readonly config: Config
  readonly folder: DataFolder
  /** The folder that relative paths of settings start from. */
  readonly cwd: string
  /** Whether a process has the data folder; undefined where that cannot be told, as in a copy of it. */
  readonly isInUse: boolean | undefined
  /** The process that has the data folder, where it said so. */
  readonly server: RunningServer | undefined
  /** Opens the log when it is first asked for. @throws CustodyError `data_folder_unusable` */
  reader(): Promise<LogReader>
  /** Unix milliseconds. */
  readonly now: number
  /** How far the check is. */
  onProgress(what: string, done: number, of: number | undefined): void
}

/** One thing that can be looked at by itself. */
export type Check = {
  readonly name: string
  /** Whether it reads all of the log or all content, which `--quick` leaves out. */
  readonly isLong?: boolean
  /** What to do where it cannot look. */
  readonly otherwise: string
  run(context: CheckContext): Promise<CheckResult> | CheckResult
}

/** As many findings of one check are told one by one. */
export const MAX_TOLD = 20

/** The first findings, and how many more there are. */
export function firstOf(
  findings: readonly DoctorFinding[],
  count: number,
  more: string,
): DoctorFinding[] {
  const told = findings.slice(0, MAX_TOLD)
  if (count <= told.length) return told
  return [...told, { problem: `There are ${count - told.length} more.`, action: more }]
}
