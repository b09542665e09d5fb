import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openDiskBlobReader, sweep } from '@custody/blob-store'
import { CustodyError, toFileId } from '@custody/domain'
import type { Sql } from '@custody/event-log'
import {
  countStoredFiles,
  extentReferences,
  findWrappedKey,
  listStoredFiles,
} from '@custody/file-index'
import type { KeyRing } from '@custody/service'
import { verifyBlobs } from '../audit/verify-blobs.ts'
import { loadKeyRing } from '../data-folder/master-keys.ts'
import { showBytes } from '../terminal/show-values.ts'
import { type Check, type DoctorFinding, firstOf, MAX_TOLD } from './check.ts'

const PAGE = 1000
const DAY_MS = 24 * 60 * 60 * 1000

/** `custody audit verify --blobs` */
export const checkContent: Check = {
  name: 'content',
  isLong: true,
  otherwise: 'Look whether blobs/ of the data folder is mounted, and can be read.',
  async run({ config, cwd, folder, isInUse, now, reader, onProgress }) {
    const { sql } = await reader()
    const keys = loadKeyRing(config, cwd)
    const { extents, bytes, unread, findings } = await verifyBlobs({
      ...{ sql, keys },
      blobs: openDiskBlobReader(folder.path),
      isServed: isInUse !== false,
      now,
      onProgress: (done) => onProgress('extents', done, undefined),
    })
    // Objects without an event are another check's.
    const wrong = findings.filter(({ table }) => table === 'extents')
    const told: DoctorFinding[] = []
    for (const { key, problem } of wrong.slice(0, MAX_TOLD)) {
      // Nothing says that its bytes are not what they were.
      const isLocked = keys !== undefined && (await lacksMasterKey(sql, keys, key))
      told.push({
        problem: `extent ${key}: ${problem}`,
        action: isLocked
          ? 'Put that master key back: see the check of the keys. With it the content can be read; delete nothing.'
          : 'Put the stored bytes (blobs/) back from a backup, then custody scrub: what is whole is served again. Without a backup the content is lost: delete the file, or cancel the upload.',
      })
    }
    if (unread > 0) {
      told.push({
        problem: `${unread} sealed extents could not be opened: no master key is here.`,
        action: 'See the check of the keys.',
      })
    }
    const summary = `${extents} extents of ${showBytes(bytes)} are what was uploaded`
    const count = wrong.length + (unread > 0 ? 1 : 0)
    return { summary, findings: firstOf(told, count, 'custody audit verify --blobs') }
  },
}

/** Whether an extent is sealed under a master key that is not here. */
async function lacksMasterKey(sql: Sql, keys: KeyRing, extent: string): Promise<boolean> {
  const wrapped = await findWrappedKey(sql, extent)
  try {
    if (wrapped) keys.unwrap(wrapped, extent)
    return false
  } catch (error) {
    return error instanceof CustodyError && error.key === 'master_key_missing'
  }
}

/** Files that the log says are damaged. */
export const checkDamage: Check = {
  name: 'damage',
  otherwise: 'The index could not be read: see there.',
  async run({ reader }) {
    const { sql } = await reader()
    const marked = []
    let count = 0
    for (let after = 0; ; ) {
      const page = await listStoredFiles(sql, { after, limit: PAGE, onlyDamaged: true })
      count += page.length
      if (marked.length < PAGE) marked.push(...page)
      after = page.at(-1)?.position ?? after
      if (page.length < PAGE) break
    }
    const told = marked.map(({ id, project, damaged }) => ({
      problem: `${toFileId(id)} of ${project} is damaged in ${damaged.length} of its extents, and answers 500 content_damaged.`,
      action:
        'Put its stored bytes back from a backup, then custody scrub; or delete it, if that is what it takes.',
    }))
    const { files, bytes } = await countStoredFiles(sql)
    return {
      summary: `${count} of ${files} files (${showBytes(bytes)}) marked as damaged`,
      findings: firstOf(told, count, 'custody scrub tells them.'),
    }
  },
}

/** `custody sweep --dry-run` */
export const checkOrphans: Check = {
  name: 'orphans',
  otherwise: 'Look whether blobs/ of the data folder is mounted, and can be read.',
  async run({ folder, now, reader, isInUse }) {
    const found = await sweep({
      store: {
        ...openDiskBlobReader(folder.path),
        delete() {
          throw new TypeError('Nothing is removed here')
        },
      },
      now,
      dryRun: true,
      ...extentReferences(await reader()),
    })
    const orphans = found.orphans.map(({ extentId, bytes }) => ({
      problem: `blobs/ has ${extentId} (${showBytes(bytes)}), which no event promises: content that no erasure would find.`,
      action: `custody sweep removes it${isInUse === false ? '' : ', as the server does once a day'}.`,
    }))
    const missing = found.missing.map((id) => ({
      problem: `The bytes of extent ${id} are not there, and a file has it.`,
      action:
        'Look whether all of blobs/ is mounted, or put the bytes back from a backup; then custody scrub.',
    }))
    const told = [...missing, ...orphans]
    const young = found.young > 0 ? `, ${found.young} too young to judge` : ''
    return {
      summary: `${found.objects} objects${young}`,
      findings: firstOf(told, told.length, 'custody sweep --dry-run counts them.'),
    }
  },
}

/** What uploads left that came to nothing. */
export const checkStaging: Check = {
  name: 'staging',
  otherwise: 'Look whether staging/ of the data folder can be read.',
  run({ folder, isInUse, now }) {
    const path = join(folder.path, 'staging')
    let files = 0
    let left = 0
    let bytes = 0
    for (const name of namesIn(path)) {
      const found = statSync(join(path, name), { throwIfNoEntry: false })
      if (!found) continue
      files += 1
      // Beside a server it may be an upload that is under way.
      if (isInUse !== false && now - found.mtimeMs < DAY_MS) continue
      left += 1
      bytes += found.size
    }
    const summary = `${files} files`
    if (left === 0) return { summary, findings: [] }
    const problem = `${left} staging files (${showBytes(bytes)}) were left by uploads that came to nothing.`
    const action = 'The next start of the server removes them.'
    return { summary, findings: [{ problem, action }] }
  },
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
