import { createReadStream, createWriteStream, existsSync, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { CustodyError, quote } from '@custody/domain'
import { erasureFile } from '../../data-folder/erasure-file.ts'
import { copyFile, hashFile, syncFile } from '../copy-file.ts'

/**
 * Makes one list of erasures of that in the backup and another that was kept elsewhere. Mostly one of them
 * begins with the other; otherwise what was kept elsewhere comes after, and an erasure that both have is applied twice, which
 * is as well.
 *
 * @throws CustodyError `invalid_value` for what is no list of erasures
 */
export async function joinErasures(lists: {
  /** Where the list is to be, and that of the backup is already, if it has one. */
  readonly kept: string
  readonly given: string | undefined
}): Promise<void> {
  const { kept, given } = lists
  if (given === undefined) return
  checkList(given)
  if (!existsSync(kept) || (await beginsWith(given, kept))) {
    await copyFile(given, kept)
    return
  }
  if (await beginsWith(kept, given)) return
  // A line that was cut short at its end is none.
  erasureFile(kept).append([])
  await pipeline(createReadStream(given), createWriteStream(kept, { flags: 'a' }))
  await syncFile(kept)
}

async function beginsWith(long: string, short: string): Promise<boolean> {
  const { size } = statSync(short)
  if (statSync(long).size < size) return false
  const { sha256 } = await hashFile(short)
  return (await hashFile(long, { bytes: size })).sha256 === sha256
}

function checkList(path: string): void {
  const refuse = (why: string) =>
    new CustodyError('invalid_value', `${quote(path)} is no list of erasures: ${why}.`)
  if (!existsSync(path)) throw refuse('it is not there')
  for (const line of erasureFile(path).backward()) {
    let found: unknown
    try {
      found = JSON.parse(line)
    } catch {
      throw refuse(`${quote(line)} is not JSON`)
    }
    const { erased, purged } = Object(found)
    if (!purged && !Array.isArray(Object(erased).groups)) {
      throw refuse(`${quote(line)} is no erasure`)
    }
  }
}
