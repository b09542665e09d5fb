import type { CommandContext } from '../terminal/command-context.ts'
import { type Config, loadConfig } from './load-config.ts'
import type { SettingName } from './settings.ts'

export type CommonFlags = Partial<Record<SettingName | 'config', unknown>>

export function configOf(context: CommandContext, flags: CommonFlags = {}): Config {
  return loadConfig({
    env: context.env,
    flags,
    cwd: context.cwd,
    isTerminal: context.isTerminal,
  })
}
