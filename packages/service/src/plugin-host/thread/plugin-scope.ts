import { AsyncLocalStorage } from 'node:async_hooks'

const current = new AsyncLocalStorage<string>()

/** Runs `work` so that what it logs, now or later, is known to be the plugin's. */
export function asPlugin<T>(plugin: string, work: () => T): T {
  return current.run(plugin, work)
}

/** The plugin whose code runs, or null. */
export function currentPlugin(): string | null {
  return current.getStore() ?? null
}
