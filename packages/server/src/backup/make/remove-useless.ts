import { readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogReader } from '@custody/event-log'
import { findExtent, isGarbage } from '@custody/file-index'
import { syncFolder } from '../../data-folder/data-folder.ts'
import { BLOBS, SNAPSHOTS } from '../backup-folder.ts'

/**
 * Removes what the backup that was there before had, and this one has not: so it ends here, too. Resolves to the number
 * of contents.
 */
export async function removeUseless(
  folder: string,
  id: string,
  { sql }: LogReader,
): Promise<number> {
  for (const name of readdirSync(join(folder, SNAPSHOTS))) {
    if (name !== id) rmSync(join(folder, SNAPSHOTS, name), { recursive: true })
  }
  let removed = 0
  for (const fanOut of readdirSync(join(folder, BLOBS), { withFileTypes: true })) {
    if (!fanOut.isDirectory()) continue
    const path = join(folder, BLOBS, fanOut.name)
    let isTouched = false
    for (const name of readdirSync(path)) {
      const row = await findExtent(sql, name)
      if (row?.place === 'disk' && !(await isGarbage(sql, name))) continue
      await rm(join(path, name), { recursive: true })
      isTouched = true
      if (!name.endsWith('.part')) removed += 1
    }
    if (isTouched) syncFolder(path)
  }
  return removed
}
