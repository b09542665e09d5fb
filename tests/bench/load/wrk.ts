import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** A request that `wrk` sends over and over. */
export type RepeatedRequest = {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** Connections that ask at the same time. */
export const CONNECTIONS = 32

const script = fileURLToPath(new URL('request.lua', import.meta.url))
const run = promisify(execFile)

/** Why `wrk` cannot be used, or undefined. */
export async function missingWrk(): Promise<string | undefined> {
  try {
    // It prints its version and usage, and ends with 1.
    await run('wrk', ['--version'])
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return 'skipped: `wrk` makes the load and is not installed (`apt-get install wrk`, `brew install wrk`)'
  }
  return undefined
}

/**
 * Load from one thread of `wrk` over 32 connections that stay open. Resolves to requests per second.
 *
 * @throws Error when any request was refused, or broke
 */
export async function wrk(
  request: RepeatedRequest,
  options: { readonly seconds: number; readonly folder: string },
): Promise<number> {
  const { url, method, headers, body } = request
  const bodyFile = join(options.folder, 'body')
  if (body) writeFileSync(bodyFile, body)
  const { stdout } = await run(
    'wrk',
    ['-t1', `-c${CONNECTIONS}`, `-d${options.seconds}s`, '-s', script, url],
    {
      env: {
        ...process.env,
        BENCH_METHOD: method,
        BENCH_HEADERS: Object.entries(headers)
          .map(([name, value]) => `${name}: ${value}\n`)
          .join(''),
        ...(body && { BENCH_BODY_FILE: bodyFile }),
      },
    },
  )
  const counted: {
    requests: number
    microseconds: number
    refused: number
    broken: number
  } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  const { requests, microseconds, refused, broken } = counted
  if (refused + broken > 0) {
    throw new Error(
      `of ${requests} requests to ${url}, ${refused} were refused and ${broken} broke`,
    )
  }
  return (requests * 1e6) / microseconds
}
