import { DEFAULT_PROJECT } from '@custody/service'
import { type CommandContext, showSeconds, table } from './command-context.ts'
import { listAll } from './list-all.ts'
import { withAdmin } from './projects.ts'

export type KeyFlags = {
  readonly project?: string
  readonly scopes?: string
  readonly expiresIn?: string
  readonly json?: boolean
}

const pathOf = (flags: KeyFlags) =>
  `/projects/${encodeURIComponent(flags.project ?? DEFAULT_PROJECT)}`

/** `custody keys create NAME`: a service account with one key, which is printed this once. */
export async function createKey(
  context: CommandContext,
  name: string,
  flags: KeyFlags,
): Promise<number> {
  const created = await withAdmin(context, (api) =>
    api.post(`${pathOf(flags)}/service_accounts`, {
      name,
      ...(flags.scopes !== undefined && {
        scopes: flags.scopes.split(',').map((one) => one.trim()),
      }),
      ...(flags.expiresIn !== undefined && {
        expires_in_seconds: Number(flags.expiresIn),
      }),
    }),
  )
  const key = created.api_key as { id: string; value: string }
  if (flags.json) context.print(JSON.stringify(created))
  else context.print(key.value)
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
  const rows = keys.map((key) => {
    const owner = key.owner as { service_account?: { name?: string } } | undefined
    return [
      String(key.id),
      owner?.service_account?.name ?? String(key.name),
      String(key.redacted_value ?? ''),
      Array.isArray(key.scopes) ? key.scopes.join(',') : '',
      showSeconds(Number(key.created_at)),
    ]
  })
  for (const line of table([['ID', 'NAME', 'KEY', 'SCOPES', 'CREATED'], ...rows]))
    context.print(line)
  return 0
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
