import type { Dialect } from './dialect.ts'
import { openai } from './openai.ts'

const TiB = 2 ** 40

/** FastAPI.ai: OpenAI's Files API, with a bound for all files of a project. */
export const fastapiAi: Dialect = {
  ...openai,
  name: 'fastapi-ai',
  uploads: { ...openai.uploads, dialect: 'fastapi-ai', quotaBytes: 2.5 * TiB },
}
