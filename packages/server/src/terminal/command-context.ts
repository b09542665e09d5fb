import type { Writable } from 'node:stream'

/** What a command is given of the world. */
export type CommandContext = {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder that the person typed in: FILE arguments and relative paths start from it. */
  readonly cwd: string
  readonly isTerminal: boolean
  /** Standard output, for what is no line. */
  readonly output: Writable
  /** Width of the terminal that `progress` writes to. */
  columns(): number
  /** A line for the person. */
  print(line: string): void
  /** A line that says why the command did not do what it should. */
  complain(line: string): void
  /** What is under way, in place of what it said before; `''` when it is done. Only where a person looks on. */
  progress?(text: string): void
  /** Puts a question to the person. Only where there is one. */
  ask?(question: string, signal: AbortSignal): Promise<string>
}
