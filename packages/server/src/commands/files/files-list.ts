import { namesServer } from '../../client/connection/server-choice.ts'
import type { FileObject } from '../../client/file-object.ts'
import { type ListQuery, listRemoteFiles } from '../../client/list-remote-files.ts'
import type { InterruptibleContext } from '../../terminal/interruptible.ts'
import { printable } from '../../terminal/printable.ts'
import { showSeconds } from '../../terminal/show-values.ts'
import { table } from '../../terminal/table.ts'
import type { ClientFlags } from './client-flags.ts'
import { withApi } from './with-api.ts'

export type ListFlags = ClientFlags & {
  readonly project?: string
  readonly purpose?: string
  readonly order?: 'asc' | 'desc'
  readonly after?: string
  readonly limit?: number
  readonly long?: boolean
  readonly json?: boolean
}

/**
 * `custody files list`: the live files of a project. Of a server where one is named; else of the data folder itself,
 * which takes neither a server nor a key.
 */
export async function listFiles(
  context: InterruptibleContext,
  flags: ListFlags,
): Promise<number> {
  const isOfFolder = flags.dataDir !== undefined || flags.project !== undefined
  if (flags.url !== undefined && isOfFolder) {
    context.complain(
      'error: --url asks a server; --data-dir and --project are for a list of a data folder without one.',
    )
    return 2
  }
  const query: ListQuery = {
    ...(flags.purpose !== undefined && { purpose: flags.purpose }),
    ...(flags.order !== undefined && { order: flags.order }),
    ...(flags.after !== undefined && { after: flags.after }),
    ...(flags.limit !== undefined && { limit: flags.limit }),
  }
  let isFirst = true
  const show = (files: readonly FileObject[]) => {
    if (flags.json) for (const file of files) context.print(JSON.stringify(file))
    else {
      const heads = isFirst ? [flags.long ? [...HEADS, ...LONG_HEADS] : HEADS] : []
      const rows = files.map((file) => rowOf(file, flags.long === true))
      for (const line of table([...heads, ...rows])) context.print(line)
    }
    isFirst = false
  }
  if (isOfFolder || !namesServer(context, flags)) {
    const { listFolder } = await import('./list-folder.ts')
    await listFolder(context, flags, query, show)
  } else {
    await withApi(context, flags, async (api) => {
      for await (const page of listRemoteFiles(api, query)) show(page)
    })
  }
  if (isFirst) show([])
  return 0
}

const HEADS = ['ID', 'PURPOSE', 'BYTES', 'CREATED', 'EXPIRES', 'NAME']
const LONG_HEADS = ['STATUS', 'METADATA']

/** The name last, where it makes no column crooked; `--long` shows what is rarely there behind it. */
function rowOf(file: FileObject, isLong: boolean): string[] {
  const row = [
    text(file.id),
    text(file.purpose),
    text(file.bytes),
    time(file.created_at),
    time(file.expires_at),
    text(file.filename),
  ]
  return isLong ? [...row, text(file.status), text(file.metadata)] : row
}

function text(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-'
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}

function time(value: unknown): string {
  if (typeof value === 'string') return printable(value)
  const isTime = typeof value === 'number' && Math.abs(value) < 8.64e12
  return showSeconds(isTime ? value : null)
}
