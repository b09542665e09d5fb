/** What sealing makes a difference for: what does not shrink, and what does. */
export const kinds = ['random', 'json-lines'] as const

/** As the table names them. */
export const contentName = { random: 'noise', 'json-lines': 'JSON lines' } as const
