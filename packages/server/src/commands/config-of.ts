import { type Config, loadConfig } from '../config/load-config.ts'
import type { SettingName } from '../config/settings.ts'
import type { CommandContext } from './command-context.ts'

export type CommonFlags = Partial<Record<SettingName | 'config', unknown>>

export function configOf(context: CommandContext, flags: CommonFlags = {}): Config {
  return loadConfig({
    env: context.env,
    flags,
    cwd: context.cwd,
    isTerminal: context.isTerminal,
  })
}
