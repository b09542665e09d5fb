import { CustodyError, quote } from '@custody/domain/errors'

/** What the client of an upload is told of a plugin that died, threw or took too long. */
export function pluginFailed(plugin: string): CustodyError {
  return new CustodyError(
    'plugin_failed',
    `The plugin ${quote(plugin)} failed; nothing was stored.`,
  )
}

/** The same where it was about an event. */
export function reactionFailed(plugin: string): CustodyError {
  return new CustodyError(
    'plugin_failed',
    `The plugin ${quote(plugin)} failed at an event; the server's own log says how.`,
  )
}
