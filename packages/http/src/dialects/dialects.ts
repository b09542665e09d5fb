import { CustodyError, quote } from '@custody/domain/errors'
import type { Dialect } from './dialect.ts'
import { fastapiAi } from './fastapi-ai.ts'
import { gateflow } from './gateflow.ts'
import { gravix } from './gravix.ts'
import { melious } from './melious.ts'
import { openai } from './openai.ts'
import { platform } from './platform.ts'

const all: readonly Dialect[] = [openai, gravix, fastapiAi, gateflow, platform, melious]
const dialects: ReadonlyMap<string, Dialect> = new Map(all.map((one) => [one.name, one]))

/** Names of all dialects, for settings and projects. */
export const dialectNames: readonly string[] = [...dialects.keys()]

/** @throws CustodyError `invalid_configuration` */
export function dialectNamed(name: string): Dialect {
  const dialect = dialects.get(name)
  if (dialect !== undefined) return dialect
  throw new CustodyError(
    'invalid_configuration',
    `There is no dialect ${quote(name)}. Known are: ${dialectNames.map(quote).join(', ')}.`,
  )
}
