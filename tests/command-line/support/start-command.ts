import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { commandOf, environment, type Settings, temporaryFolder } from '@custody/testkit'
import type { Test } from 'tap'

export type Ended = {
  /** Null where a signal has ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Each line of standard output as JSON. */
  readonly lines: () => Readonly<Record<string, unknown>>[]
}

/** A command that runs. */
export type Running = {
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
}

/** A place where a person types commands: a folder, with a state folder and an environment of its own. */
export interface Desk {
  readonly folder: string
  readonly state: string
  /** Writes a file in the folder. */
  write(name: string, content: string | Uint8Array): void
  start(...args: readonly string[]): Running
  /** Runs `custody files ARGS` to its end. */
  files(...args: readonly string[]): Promise<Ended>
}

export function desk(t: Test, env: Settings): Desk {
  const folder = temporaryFolder(t)
  const state = temporaryFolder(t)
  const start = (...args: readonly string[]): Running => {
    const child = spawn(...commandOf(args), {
      env: environment({ XDG_STATE_HOME: state, ...env }),
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
    const ended = Promise.all([closed, text(child.stdout), text(child.stderr)])
    return {
      kill: (signal) => void child.kill(signal),
      ended: ended.then(([code, stdout, stderr]) => ({
        ...{ code, stdout, stderr },
        lines: () =>
          stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line)),
      })),
    }
  }
  return {
    ...{ folder, state, start },
    write(name, content) {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
    },
    files: (...args) => start('files', ...args).ended,
  }
}
