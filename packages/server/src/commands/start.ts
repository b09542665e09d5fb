import type { CommandContext } from '../terminal/command-context.ts'

/** Runs a command. Its module is loaded then: no command waits for the others'. */
export type Start = (work: (context: CommandContext) => Promise<number>) => Promise<void>
