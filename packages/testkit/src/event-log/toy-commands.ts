import type { LogCommand } from '@custody/event-log'

/** What the toy log can be asked: accounts with a balance, and notes that no projection reads. */
export type ToyCommand =
  | { readonly type: 'Start' }
  | {
      readonly type: 'Open'
      readonly account: string
      readonly owner: string
      readonly secret?: string
    }
  /** Refused for an account that is not there, or for less than nothing in it. */
  | { readonly type: 'Move'; readonly account: string; readonly amount: number }
  /** Two events of two streams. */
  | {
      readonly type: 'Transfer'
      readonly from: string
      readonly to: string
      readonly amount: number
    }
  /** As many events as there are texts. */
  | { readonly type: 'Note'; readonly texts: readonly string[] }
  /** Erases who owns the account. */
  | { readonly type: 'Forget'; readonly account: string }
  /** Keeps its attachments beside the log. */
  | { readonly type: 'Attach'; readonly name: string }
  | { readonly type: 'Nothing' }
  /** Keeps an attachment, then goes wrong. */
  | { readonly type: 'Break'; readonly how: Breakage; readonly account: string }

export type Breakage =
  /** `decide` throws. */
  | 'throw'
  /** The only event does not match its schema. */
  | 'schema'
  /** The second of two events does not match its schema. */
  | 'second schema'
  /** The event follows a version that its stream has passed. */
  | 'old version'
  /** The event follows a version that its stream has not reached. */
  | 'new version'
  /** The event begins a stream that was begun. */
  | 'begun'
  /** The thread of the log ends. */
  | 'exit'

export function isToyCommand(command: LogCommand): command is ToyCommand {
  return toyCommandTypes.has(command.type)
}

const toyCommandTypes: ReadonlySet<string> = new Set<ToyCommand['type']>([
  'Start',
  'Open',
  'Move',
  'Transfer',
  'Note',
  'Forget',
  'Attach',
  'Nothing',
  'Break',
])
