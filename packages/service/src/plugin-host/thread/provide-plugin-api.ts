import { registerHooks } from 'node:module'

const NAME = '@custody/plugin-api'

/**
 * Lets a plugin that lies anywhere import the plugin API: the copy that is installed beside it, or else
 * Custody's own. A single file next to the configuration has no packages of its own to import from.
 */
export function providePluginApi(): void {
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context)
      } catch (error) {
        if (specifier !== NAME && !specifier.startsWith(`${NAME}/`)) throw error
        return next(specifier, { ...context, parentURL: import.meta.url })
      }
    },
  })
}
