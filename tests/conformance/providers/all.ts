import type { Provider } from '../statements/statement.ts'
import { fastapiAi } from './fastapi-ai.ts'
import { gateflow } from './gateflow.ts'
import { gravix } from './gravix.ts'
import { melious } from './melious.ts'
import { openai } from './openai.ts'
import { platform } from './platform.ts'

/** Every provider whose document is checked, in the order of the table. */
export const providers: readonly Provider[] = [
  openai,
  gravix,
  fastapiAi,
  gateflow,
  platform,
  melious,
]
