import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CustodyError, quote } from '@custody/domain'
import type { Config } from '../config/load-config.ts'

/**
 * Module names → files. A path is relative to the configuration file; a package is looked for from that
 * file first, then among those that come with Custody.
 *
 * @throws CustodyError `invalid_plugin`
 */
export function resolvePlugins(
  config: Pick<Config, 'plugins' | 'configFile'>,
  cwd: string,
): { readonly module: string; readonly options?: unknown }[] {
  const base = config.configFile ?? resolve(cwd, 'custody.config.json')
  return config.plugins.map(({ module, options }) => ({
    module: resolveModule(module, base),
    ...(options && { options }),
  }))
}

function resolveModule(name: string, base: string): string {
  if (name.startsWith('.') || isAbsolute(name)) {
    const path = resolve(dirname(base), name)
    if (existsSync(path)) return pathToFileURL(path).href
    throw unknown(name, `there is no file ${quote(path)}`)
  }
  try {
    return pathToFileURL(createRequire(base).resolve(name)).href
  } catch {
    try {
      return import.meta.resolve(name)
    } catch {
      throw unknown(name, `no such package is installed beside ${quote(dirname(base))}`)
    }
  }
}

function unknown(name: string, reason: string): CustodyError {
  return new CustodyError(
    'invalid_plugin',
    `Plugin ${quote(name)} cannot be found: ${reason}.`,
  )
}
