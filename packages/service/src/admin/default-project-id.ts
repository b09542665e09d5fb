/** The project that a deployment begins with. */
export const DEFAULT_PROJECT = 'default'
