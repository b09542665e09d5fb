import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { SealMode } from '@custody/blob-store'
import { CustodyError, quote } from '@custody/domain/errors'
import { parseWebhookAllow } from '@custody/service/webhook-allow'
import { Ajv2020 } from 'ajv/dist/2020.js'
import {
  DEFAULT_CONFIG_FILE,
  type Setting,
  type SettingName,
  settings,
} from './settings.ts'

/** The configuration: read once, checked, frozen and passed down. Paths are absolute. */
export type Config = {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly secretsDir: string
  readonly adminKey: string | undefined
  readonly apiKey: string | undefined
  readonly dialect: string
  readonly sqliteDriver: 'node' | 'sqlite3'
  readonly seal: SealMode
  /** 32 bytes in base64, or a path. */
  readonly masterKey: string | undefined
  /** See {@link parseWebhookAllow}. */
  readonly webhookAllow: readonly string[]
  readonly plugins: readonly PluginSetting[]
  /** The file that plugin modules are resolved from, or undefined: from Custody itself. */
  readonly configFile: string | undefined
  readonly accessEvents: 'off' | 'content' | 'all'
  /** MiB in a second; 0: none. */
  readonly scrubRate: number
  readonly log: 'pretty' | 'json' | 'off'
  /** What was ignored, to be told when the logger is there. */
  readonly warnings: readonly string[]
}

export type PluginSetting = {
  readonly module: string
  readonly options?: Readonly<Record<string, unknown>>
}

export type ConfigSources = {
  readonly env: Readonly<Record<string, string | undefined>>
  /** By setting name; undefined values are passed over. */
  readonly flags?: Readonly<Partial<Record<SettingName | 'config', unknown>>>
  /** Folder that relative paths of flags and environment start from. */
  readonly cwd: string
  /** Whether a person looks at the output. */
  readonly isTerminal: boolean
}

/** Names that Kubernetes injects for a service called custody. */
const INJECTED = /^CUSTODY_(SERVICE|PORT)_/

/** The file, and the server of `custody files`. */
const NO_SETTINGS: ReadonlySet<string> = new Set(['CUSTODY_CONFIG', 'CUSTODY_URL'])

type Values = Partial<Record<SettingName, unknown>>

/**
 * Flag over environment over file over default.
 *
 * @throws CustodyError `invalid_configuration`, naming the setting, its value and what is allowed
 */
export function loadConfig({ env, flags = {}, cwd, isTerminal }: ConfigSources): Config {
  const warnings: string[] = []
  const named = flags.config ?? env.CUSTODY_CONFIG
  const configFile = findFile(named === undefined ? undefined : String(named), cwd)
  const fromFile = configFile === undefined ? {} : readConfigFile(configFile)
  const fromEnv = readEnvironment(env, warnings)
  const fromFlags = Object.fromEntries(
    Object.entries(flags).filter(
      ([name, value]) => name !== 'config' && value !== undefined,
    ),
  )
  const defaults = Object.fromEntries(
    Object.entries<Setting>(settings)
      .filter(([, setting]) => setting.default !== undefined)
      .map(([name, setting]) => [name, setting.default]),
  )
  check(fromFlags, (name) => `--${kebab(name)}`)
  const merged = { ...defaults, ...fromFile, ...fromEnv, ...fromFlags } as Merged
  parseWebhookAllow(merged.webhookAllow)

  // A relative path means the folder of the file that says it, or the one that Custody is started in.
  const base = (name: SettingName) =>
    configFile !== undefined &&
    name in fromFile &&
    !(name in fromEnv) &&
    !(name in fromFlags)
      ? dirname(configFile)
      : cwd
  const dataDir = resolve(base('dataDir'), merged.dataDir)
  return Object.freeze({
    host: merged.host,
    port: merged.port,
    dataDir,
    secretsDir: merged.secretsDir
      ? resolve(base('secretsDir'), merged.secretsDir)
      : join(dataDir, 'secrets'),
    adminKey: merged.adminKey,
    apiKey: merged.apiKey,
    dialect: merged.dialect,
    sqliteDriver: merged.sqliteDriver,
    seal: merged.seal,
    masterKey: merged.masterKey,
    webhookAllow: merged.webhookAllow,
    plugins: merged.plugins.map((one) =>
      typeof one === 'string' ? { module: one } : one,
    ),
    configFile,
    accessEvents: merged.accessEvents,
    scrubRate: merged.scrubRate,
    log: merged.log ?? (isTerminal ? 'pretty' : 'json'),
    warnings,
  })
}

/** What the schemas let through. */
type Merged = {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly secretsDir?: string
  readonly adminKey?: string
  readonly apiKey?: string
  readonly dialect: string
  readonly sqliteDriver: 'node' | 'sqlite3'
  readonly seal: SealMode
  readonly masterKey?: string
  readonly webhookAllow: readonly string[]
  readonly plugins: readonly (string | PluginSetting)[]
  readonly accessEvents: 'off' | 'content' | 'all'
  readonly scrubRate: number
  readonly log?: 'pretty' | 'json' | 'off'
}

function findFile(named: string | undefined, cwd: string): string | undefined {
  if (named === undefined) {
    const usual = resolve(cwd, DEFAULT_CONFIG_FILE)
    return existsSync(usual) ? usual : undefined
  }
  const path = resolve(cwd, named)
  if (!existsSync(path))
    throw wrong(`The configuration file ${quote(named)} does not exist.`)
  return path
}

function readConfigFile(path: string): Values {
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw wrong(`The configuration file ${quote(path)} is not JSON: ${reason}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw wrong(`The configuration file ${quote(path)} must hold an object.`)
  }
  for (const name of Object.keys(parsed)) {
    if (!Object.hasOwn(settings, name)) {
      throw wrong(
        `${quote(name)} in ${quote(path)} is not a setting. Settings are: ${Object.keys(settings).join(', ')}.`,
      )
    }
  }
  check(parsed, (name) => `${quote(name)} in ${quote(path)}`)
  return parsed
}

function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  warnings: string[],
): Values {
  const byEnv = new Map<string, SettingName>()
  for (const [name, setting] of Object.entries(settings))
    byEnv.set(setting.env, name as SettingName)
  const values: Values = {}
  for (const [key, text] of Object.entries(env)) {
    if (!key.startsWith('CUSTODY_') || text === undefined || NO_SETTINGS.has(key))
      continue
    if (INJECTED.test(key) || (key === 'CUSTODY_PORT' && text.startsWith('tcp://'))) {
      warnings.push(`${key} looks like Kubernetes' own and is ignored`)
      continue
    }
    const name = byEnv.get(key)
    if (!name) {
      throw wrong(
        `${key} is not a setting. Settings are: ${[...byEnv.keys()].join(', ')}.`,
      )
    }
    values[name] = parseText(text, settings[name].schema.type)
  }
  check(values, (name) => settings[name].env)
  return values
}

function parseText(text: string, type: string): unknown {
  if (type === 'integer') return /^\d{1,9}$/.test(text) ? Number(text) : text
  if (type === 'array') return text.split(',').map((item) => item.trim())
  return text
}

function check(values: object, label: (name: SettingName) => string): void {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateSchema: false })
  for (const [name, value] of Object.entries(values)) {
    const setting = settings[name as SettingName]
    const validate = ajv.compile(setting.schema)
    if (validate(value)) continue
    const error = validate.errors?.[0]
    const allowed =
      'enum' in setting.schema
        ? `one of: ${setting.schema.enum.join(', ')}`
        : `${error?.message ?? 'another value'}`
    // A key is a secret even when it is wrong.
    const shown = name.endsWith('Key') ? 'what it is' : quote(value)
    throw wrong(
      `${label(name as SettingName)} is ${shown}; it must be ${allowed.replace(/^must be /, '')}.`,
    )
  }
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function wrong(message: string): CustodyError {
  return new CustodyError('invalid_configuration', message)
}
