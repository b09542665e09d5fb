/** Where the log thread finds what it is to know of the events. */
export const logModuleUrl = new URL('./log-module.ts', import.meta.url)
