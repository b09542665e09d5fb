import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { CustodyError, quote } from '@custody/domain'
import { sqliteVersion } from '@custody/event-log'
import { compareList } from '@custody/service'
import { erasureFile } from '../data-folder/erasure-file.ts'
import { showBytes } from '../terminal/show-values.ts'
import type { Check, DoctorFinding } from './check.ts'

/** The first release without a bug that can damage a database in WAL mode: https://sqlite.org/wal.html#walresetbug */
const FIRST_GOOD = [3, 51, 3] as const

/** "CSTD" */
const APPLICATION_ID = 0x43535444

const PAGE_BYTES = 4096

/** Checkpoints keep it near 4 MiB. */
const LONG_WAL = 256 * 2 ** 20

/** The database's engine, and what was fixed when it was made: https://sqlite.org/fileformat.html#the_database_header */
export const checkDatabase: Check = {
  name: 'database',
  otherwise: 'Restore the database from a backup.',
  async run({ config, folder, reader }) {
    const findings: DoctorFinding[] = []
    const { sql } = await reader()
    const version = await sqliteVersion(sql)
    if (isBefore(version, FIRST_GOOD)) {
      findings.push({
        problem: `SQLite ${version} has a bug that can damage a database in WAL mode (the driver is ${config.sqliteDriver}).`,
        action:
          'Run Custody on the Node that it pins (npm start does), with the driver node: that has 3.51.3 or later.',
      })
    }
    const wrong = wrongHeader(readHeader(folder.database))
    for (const what of wrong) {
      findings.push({
        problem: `The database was not made as Custody makes it: ${what}.`,
        action:
          'A copy made with other tools can lose this. Restore a backup that Custody made, or copy the file as it is while no server runs.',
      })
    }
    const wal = statSync(`${folder.database}-wal`, { throwIfNoEntry: false })?.size ?? 0
    if (wal > LONG_WAL) {
      findings.push({
        problem: `The write-ahead log of the database has grown to ${showBytes(wal)}.`,
        action:
          'Something reads the database for very long: find what else has custody.db open (fuser), and end it. Stopping the server writes it back.',
      })
    }
    const unreadable = await problemOfErasures(folder.erasures)
    if (unreadable) findings.push(unreadable)
    const { size } = statSync(folder.database)
    const summary = `SQLite ${version}, driver ${config.sqliteDriver}, ${showBytes(size)} and ${showBytes(wal)} write-ahead`
    return { summary, findings }
  },
}

/** The list of erasures, which the start of a server reads. */
async function problemOfErasures(path: string): Promise<DoctorFinding | undefined> {
  try {
    await compareList(erasureFile(path), async () => undefined)
    return undefined
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error
    const action =
      'Until then a server may not start. custody audit verify tells whether the log is whole.'
    return { problem: error.message, action }
  }
}

function isBefore(version: string, first: readonly number[]): boolean {
  const parts = version.split('.').map(Number)
  for (const [index, least] of first.entries()) {
    const part = parts[index] ?? 0
    if (part !== least) return part < least
  }
  return false
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(100)
  const file = openSync(path, 'r')
  try {
    readSync(file, header, 0, header.length, 0)
  } finally {
    closeSync(file)
  }
  return header
}

function* wrongHeader(header: Buffer): Generator<string> {
  const pageBytes = header.readUInt16BE(16)
  if (pageBytes !== PAGE_BYTES)
    yield `its pages have ${pageBytes} bytes, not ${PAGE_BYTES}`
  if (header[18] !== 2 || header[19] !== 2) {
    yield `its journal mode ${quote(describeJournal(header))} is not WAL`
  }
  if (header.readUInt32BE(52) === 0 || header.readUInt32BE(64) === 0) {
    yield 'auto_vacuum is not incremental, so what an erasure frees stays in the file'
  }
  // 0: what makes the first table is in the write-ahead log yet.
  if (header.readUInt32BE(56) > 1) yield 'its text is not UTF-8'
  const id = header.readUInt32BE(68)
  if (id !== APPLICATION_ID) yield `its application id is ${id}`
}

const describeJournal = (header: Buffer) => `${header[18]}/${header[19]}`
