import type { Plugin } from '@custody/plugin-api'
import { describeFault } from '../describe-fault.ts'
import { asPlugin } from './plugin-scope.ts'

/** A module as far as the thread trusts it: the host checks what it declares before anything of it runs. */
export type LoadedModule = {
  readonly plugin: Plugin
  /** What the plugin declares, as JSON with `{"function":true}` for functions. */
  readonly declaration: string
}

/** Why a module is no plugin. */
export class UnloadableModule extends Error {
  override readonly name = 'UnloadableModule'
}

/**
 * Imports the modules one after another.
 *
 * @throws UnloadableModule for the first that does not load or exports no plugin
 */
export async function loadPlugins(
  modules: readonly string[],
  onModule: (index: number) => void,
): Promise<readonly LoadedModule[]> {
  const loaded: LoadedModule[] = []
  for (const [index, module] of modules.entries()) {
    onModule(index)
    loaded.push(await load(module))
  }
  return loaded
}

async function load(module: string): Promise<LoadedModule> {
  let exported: unknown
  try {
    const namespace: Record<string, unknown> = await asPlugin(
      module,
      () => import(module),
    )
    exported = namespace.default
  } catch (error) {
    throw new UnloadableModule(`it does not load: ${describeFault(error)}`)
  }
  if (!isObject(exported)) {
    throw new UnloadableModule(
      'its default export is not a plugin, as definePlugin({ … }) makes it',
    )
  }
  try {
    return { plugin: exported, declaration: declarationOf(exported) }
  } catch (error) {
    throw new UnloadableModule(`what it declares is not JSON: ${describeFault(error)}`)
  }
}

function declarationOf(plugin: Plugin): string {
  return JSON.stringify(plugin, (_key, value) =>
    typeof value === 'function' ? { function: true } : value,
  )
}

/** The host checks the declaration against its schema before it configures the thread. */
function isObject(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
