const MAX_DETAIL = 4000

/** What was thrown, as text for the log: whatever it is, and however its properties behave. */
export function describeFault(error: unknown): string {
  try {
    const text = error instanceof Error ? (error.stack ?? String(error)) : String(error)
    // JSON.parse quotes a piece of its input, and no content belongs into the log.
    const shown = error instanceof SyntaxError ? text.replace(/"[\s\S]*"/, '"…"') : text
    return shown.slice(0, MAX_DETAIL)
  } catch {
    return 'a value that cannot be shown was thrown'
  }
}
