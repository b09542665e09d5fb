import type { CommandContext } from '../../terminal/command-context.ts'
import { table } from '../../terminal/table.ts'
import { namingFlags } from '../naming-flags.ts'
import { withAdmin } from '../with-admin.ts'

/** `custody consumers list` */
export async function listConsumers(context: CommandContext): Promise<number> {
  const { data } = await withAdmin(context, (api) => api.get('/consumers'))
  const rows = (data as Record<string, unknown>[]).map((one) => [
    String(one.name),
    String(one.state ?? one.status),
    String(one.position),
    String(one.stopped_at ?? '-'),
    String(one.error ?? ''),
  ])
  for (const line of table([
    ['NAME', 'STATE', 'POSITION', 'STOPPED AT', 'ERROR'],
    ...rows,
  ])) {
    context.print(line)
  }
  return 0
}

/** `custody consumers resume NAME` */
export async function resumeConsumer(
  context: CommandContext,
  name: string,
): Promise<number> {
  await withAdmin(context, (api) =>
    api.post(`/consumers/${encodeURIComponent(name)}/resume`),
  )
  context.print(`${name} goes on`)
  return 0
}

/** `custody consumers skip NAME POSITION` */
export async function skipEvent(
  context: CommandContext,
  name: string,
  position: string,
): Promise<number> {
  await namingFlags({ position: '<position>' }, () =>
    withAdmin(context, (api) =>
      api.post(`/consumers/${encodeURIComponent(name)}/skip`, { position }),
    ),
  )
  context.print(`${name} passes over ${position}`)
  return 0
}
