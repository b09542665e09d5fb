import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import {
  createPluginHost,
  type PluginHost,
  type PluginHostOptions,
  type ValidationOutcome,
  type ValidationRequest,
} from '../../src/plugin-host/index.ts'

export type LogLine = {
  readonly level: 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

export function fixture(name: string): string {
  return new URL(`fixtures/${name}`, import.meta.url).href
}

/** A host on real threads that ends with the test, and what it logged. */
export async function startHost(
  t: Test,
  options: Partial<PluginHostOptions> = {},
): Promise<{ host: PluginHost; log: LogLine[] }> {
  const log: LogLine[] = []
  const at = (level: LogLine['level']) => {
    return (fields: LogLine['fields'], message: string) => {
      log.push({ level, fields, message })
    }
  }
  const host = await createPluginHost({
    plugins: [{ module: fixture('deeds.ts') }],
    logger: { info: at('info'), warn: at('warn'), error: at('error') },
    clock: performance,
    ...options,
  })
  t.teardown(() => host.close())
  return { host, log }
}

/** Asks for a text's outcome; everything else has a default. */
export async function validateText(
  host: PluginHost,
  text: string,
  request: Partial<ValidationRequest> = {},
): Promise<ValidationOutcome> {
  const buffer = Buffer.from(text)
  return host.validate({
    purpose: 'deeds',
    dialect: 'openai',
    filename: 'file.txt',
    size: buffer.length,
    content: { buffer },
    project: 'p1',
    signal: new AbortController().signal,
    ...request,
  })
}

/** Resolves once the file is there. */
export async function appears(path: string): Promise<void> {
  while (!existsSync(path)) await sleep(5)
}

/** Resolves once a line of the log passes. */
export async function logged(
  log: readonly LogLine[],
  passes: (line: LogLine) => boolean,
): Promise<LogLine> {
  for (;;) {
    const found = log.find(passes)
    if (found !== undefined) return found
    await sleep(5)
  }
}
