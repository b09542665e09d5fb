import type { Plugin, PluginFile, ReactionEvent } from '@custody/plugin-api'
import { describeFault } from '../describe-fault.ts'
import { asPlugin } from './plugin-scope.ts'

const MAX_RETRY_AFTER = 3600

/** Delivers an event to a plugin's reaction; gives the reply's text. */
export async function runReaction(
  plugin: Plugin,
  event: ReactionEvent,
  context: { options: unknown; signal: AbortSignal; open: () => PluginFile },
): Promise<string> {
  try {
    const reaction = plugin.on?.[event.type]
    const result: unknown = await asPlugin(plugin.name, () => reaction?.(event, context))
    return `d${JSON.stringify(checkResult(result))}`
  } catch (error) {
    return `f${JSON.stringify({ plugin: plugin.name, detail: describeFault(error) })}`
  }
}

function checkResult(result: unknown): { retryAfter?: number } {
  if (result === undefined || result === null) return {}
  if (typeof result === 'object' && 'retryAfter' in result) {
    const { retryAfter } = result
    if (typeof retryAfter === 'number' && Number.isInteger(retryAfter)) {
      if (retryAfter >= 1 && retryAfter <= MAX_RETRY_AFTER) return { retryAfter }
    }
  }
  throw new TypeError(
    `a reaction answers nothing or { retryAfter: 1..${MAX_RETRY_AFTER} }, not ${JSON.stringify(result)}`,
  )
}
