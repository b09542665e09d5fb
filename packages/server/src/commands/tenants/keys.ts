import { DEFAULT_PROJECT } from '@custody/service/default-project'
import type { CommandContext } from '../../terminal/command-context.ts'
import { showSeconds } from '../../terminal/show-values.ts'
import { table } from '../../terminal/table.ts'
import { namingFlags } from '../naming-flags.ts'
import { withAdmin } from '../with-admin.ts'
import { listAll } from './list-all.ts'

export type KeyFlags = {
  readonly project?: string
  readonly scopes?: string
  /** Seconds; `never` only where a key is changed. */
  readonly expiresIn?: string
  /** A number; `none` only where a key is changed. */
  readonly uploadsPerMinute?: string
  readonly json?: boolean
}

/** What is no number goes as it is, and the server refuses it. */
const numberOf = (text: string) => (/^\d+$/.test(text) ? Number(text) : text)

const scopesOf = (list: string) => list.split(',').map((one) => one.trim())

const typed = {
  name: '<name>',
  scopes: '--scopes',
  expires_in_seconds: '--expires-in',
  uploads_per_minute: '--uploads-per-minute',
}

const pathOf = (flags: KeyFlags) =>
  `/projects/${encodeURIComponent(flags.project ?? DEFAULT_PROJECT)}`

/** `custody keys create NAME`: a service account with one key, which is printed this once. */
export async function createKey(
  context: CommandContext,
  name: string,
  flags: KeyFlags,
): Promise<number> {
  const { scopes, expiresIn, uploadsPerMinute } = flags
  const body = {
    name,
    ...(scopes !== undefined && { scopes: scopesOf(scopes) }),
    ...(expiresIn !== undefined && { expires_in_seconds: numberOf(expiresIn) }),
    ...(uploadsPerMinute !== undefined && {
      uploads_per_minute: numberOf(uploadsPerMinute),
    }),
  }
  const created = await namingFlags(typed, () =>
    withAdmin(context, (api) => api.post(`${pathOf(flags)}/service_accounts`, body), {
      begins: true,
    }),
  )
  const key = created.api_key as { id: string; value: string }
  if (flags.json) context.print(JSON.stringify(created))
  else context.print(key.value)
  return 0
}

/** `custody keys update KEY_ID`: changes what the flags say. */
export async function updateKey(
  context: CommandContext,
  id: string,
  flags: KeyFlags,
): Promise<number> {
  const { scopes, expiresIn, uploadsPerMinute } = flags
  const body = {
    ...(scopes !== undefined && { scopes: scopesOf(scopes) }),
    ...(expiresIn !== undefined && {
      expires_in_seconds: expiresIn === 'never' ? null : numberOf(expiresIn),
    }),
    ...(uploadsPerMinute !== undefined && {
      uploads_per_minute: uploadsPerMinute === 'none' ? null : numberOf(uploadsPerMinute),
    }),
  }
  const path = `${pathOf(flags)}/api_keys/${encodeURIComponent(id)}`
  const key = await namingFlags(typed, () =>
    withAdmin(context, (api) => api.post(path, body)),
  )
  if (flags.json) context.print(JSON.stringify(key))
  else printKeys(context, [key])
  return 0
}

/** `custody keys list` */
export async function listKeys(
  context: CommandContext,
  flags: KeyFlags,
): Promise<number> {
  const keys = await withAdmin(context, (api) =>
    listAll(api, `${pathOf(flags)}/api_keys`),
  )
  if (flags.json) {
    for (const key of keys) context.print(JSON.stringify(key))
    return 0
  }
  printKeys(context, keys)
  return 0
}

function printKeys(
  context: CommandContext,
  keys: readonly Readonly<Record<string, unknown>>[],
): void {
  const rows = keys.map((key) => {
    const owner = key.owner as { service_account?: { name?: string } } | undefined
    return [
      String(key.id),
      owner?.service_account?.name ?? String(key.name),
      String(key.redacted_value ?? ''),
      Array.isArray(key.scopes) ? key.scopes.join(',') : '',
      typeof key.uploads_per_minute === 'number' ? String(key.uploads_per_minute) : '-',
      ...[key.created_at, key.expires_at, key.last_used_at].map((seconds) =>
        showSeconds(typeof seconds === 'number' ? seconds : null),
      ),
    ]
  })
  const heads = ['ID', 'NAME', 'KEY', 'SCOPES', 'PER MINUTE']
  const times = ['CREATED', 'EXPIRES', 'LAST USED']
  for (const line of table([[...heads, ...times], ...rows])) context.print(line)
}

/** `custody keys revoke KEY_ID` */
export async function revokeKey(
  context: CommandContext,
  id: string,
  flags: KeyFlags,
): Promise<number> {
  await withAdmin(context, (api) =>
    api.delete(`${pathOf(flags)}/api_keys/${encodeURIComponent(id)}`),
  )
  context.print(`${id} is revoked`)
  return 0
}
