import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { CustodyError, quote } from '@custody/domain'

/**
 * Two folders of which one lies in the other are lost together, or take each other's files for their own.
 *
 * @param folders two paths by what they are; the folders need not be there
 * @throws CustodyError `invalid_value`
 */
export function refuseNested(folders: Readonly<Record<string, string>>): void {
  const [first, second] = Object.entries(folders).map(([what, path]) => ({
    what,
    path,
    real: `${realPath(resolve(path))}${sep}`,
  }))
  if (!first || !second) return
  if (!first.real.startsWith(second.real) && !second.real.startsWith(first.real)) return
  throw new CustodyError(
    'invalid_value',
    `${first.what}, ${quote(first.path)}, and ${second.what}, ${quote(second.path)}, must not lie in one another.`,
  )
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPath(parent), basename(path))
  }
}
