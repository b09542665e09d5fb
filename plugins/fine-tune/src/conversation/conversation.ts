import type { Role } from '../report.ts'

/** What is known of one list of messages while they are read. */
export type Conversation = {
  /** Tools that are defined for it, as they stand in the file. */
  readonly tools: unknown
  /** Role of the last message; undefined when that is broken. */
  lastRole: Role | undefined
  hasAssistant: boolean
  hasUser: boolean
  images: number
  /** Ids of all tool calls so far. */
  calls: Set<string> | undefined
  /** Ids of the last assistant message's tool calls that have no result yet. */
  unanswered: Set<string> | undefined
}
