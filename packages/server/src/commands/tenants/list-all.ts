import type { AdminApi } from '../../deployment/with-admin-api.ts'

/** Every item of an administration list, page by page. */
export async function listAll(
  api: AdminApi,
  path: string,
): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = []
  for (let after = ''; ; ) {
    const separator = path.includes('?') ? '&' : '?'
    const page = await api.get(
      `${path}${separator}limit=100${after && `&after=${after}`}`,
    )
    const data = page.data as Record<string, unknown>[]
    items.push(...data)
    if (page.has_more !== true || typeof page.last_id !== 'string') return items
    after = encodeURIComponent(page.last_id)
  }
}
