import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type DataFolderReport,
  type VerifyDataFolderOptions,
  verifyDataFolder,
} from '@custody/server'
import { startServer, temporaryFolder } from '@custody/testkit'
import type { Test } from 'tap'
import { createRandom, type Random } from '../crash/random.ts'
import type { Tampering } from './tamper.ts'

/** What no finding may show. */
const NAME = 'Wilhelmine-Erasmus.txt'

/** A stopped deployment with something in every table, of which each test takes copies. */
export type Deployment = {
  readonly dataDir: string
  /** Extents of ended files, which may be gone: nothing tells of what is done to them on disk. */
  readonly garbage: readonly string[]
  /** A copy without the secrets, as an auditor has it. */
  copy(): string
}

export const database = (dataDir: string) => join(dataDir, 'custody.db')

/** Uploads, deletes, keys with private data that is erased: more than a tile of events, in many batches. */
export async function makeDeployment(t: Test): Promise<Deployment> {
  const folder = temporaryFolder(t)
  const dataDir = join(folder, 'original')
  // An auditor has no master key; sealed content is a matter of tests/sealing.
  const server = await startServer(t, { dataDir, env: { CUSTODY_SEAL: 'off' } })
  const upload = (n: number, bytes = 10) =>
    server.api.upload({
      purpose: 'user_data',
      filename: NAME,
      content: Buffer.from(`${n}`.padEnd(bytes, '.')),
    })
  const ids: string[] = []
  for (let n = 0; n < 300; n += 20) {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, k) => upload(n + k)))
    for (const answer of answers) ids.push(answer.json().id)
    // A receipt needs a checkpoint that covers its file.
    if (n % 60 === 0) await server.api.call('GET', `/v1/files/${ids.at(-1)}/receipt`)
  }
  for (let n = 0; n < 4; n += 1) ids.push((await upload(n, 100_000)).json().id)
  for (const id of [...ids.slice(0, 20), ...ids.slice(-1)]) await server.api.delete(id)
  for (let n = 0; n < 3; n += 1) {
    const project = await server.createProject()
    const path = `/v1/organization/projects/${project.id}/api_keys/${project.keyId}`
    await server.admin.call('DELETE', path)
  }
  t.equal(await server.stop(), 0)

  let copies = 0
  return {
    dataDir,
    garbage: readGarbage(dataDir),
    copy() {
      copies += 1
      const copied = join(folder, String(copies))
      const secrets = join(dataDir, 'secrets')
      cpSync(dataDir, copied, { recursive: true, filter: (path) => path !== secrets })
      return copied
    },
  }
}

/** Extents whose bytes wait to be destroyed. */
export function readGarbage(dataDir: string): string[] {
  const db = new DatabaseSync(database(dataDir), { readOnly: true })
  try {
    const tables = db.prepare(
      "select name from sqlite_schema where name glob 'garbage_v*'",
    )
    const rows = db.prepare(`select extent from ${tables.get()?.name}`).all()
    return rows.map(({ extent }) => String(extent))
  } finally {
    db.close()
  }
}

export async function verify(
  dataDir: string,
  options: Partial<VerifyDataFolderOptions> = {},
): Promise<DataFolderReport> {
  return await verifyDataFolder({ dataDir, driver: 'node', now: Date.now(), ...options })
}

export function randomOf(t: Test): Random {
  const seed = Date.now() % 2 ** 32
  t.comment(`seed ${seed}`)
  return createRandom(seed)
}

/** That the verification found what was done, and says where, without showing what is private. */
export function expectNamed(t: Test, done: Tampering, report: DataFolderReport): void {
  const { findings, count } = report
  const text = `${done.what}: ${JSON.stringify(findings.slice(0, 4))}`
  const named = findings.some(
    ({ table, key, problem }) =>
      (table === done.table ||
        // Events whose batch was removed look like events that were added …
        (table === 'events' && done.table === 'log_batches') ||
        // … and a batch whose last event was removed like one that was added: it says so.
        (done.table === 'events' && /the last events were removed/.test(problem))) &&
      done.keys.some((one) => includesKey(key, one)),
  )
  t.ok(count > 0 && named, text)
  t.notOk(JSON.stringify(findings).includes(NAME), 'no private data is shown')
}

/** Whether the key of a finding, which may be a range, is that of a row or includes it. */
function includesKey(found: string, key: string): boolean {
  const [from, to] = found.split('..')
  if (to === undefined) return found === key
  return compareKeys(key, from ?? '') >= 0 && compareKeys(key, to) <= 0
}

/** Keys of one or several integers, such as that of a checkpoint: `1 300`. */
function compareKeys(one: string, other: string): number {
  const [ours, theirs] = [one, other].map((key) => key.split(' ').map(Number))
  const differences = ours?.map((part, index) => part - (theirs?.[index] ?? 0))
  return differences?.find((difference) => difference !== 0) ?? 0
}
