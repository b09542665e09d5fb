/** One argument, a `LogTask` as JSON; prints a `LogTaskReport`. */
import { hash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { upcast } from '@custody/domain'
import { openReplayDatabase, replay } from '@custody/event-log'
import { projections } from '@custody/file-index'
import { verifyDataFolder } from '@custody/server'
import { appendUploads, createDefaultProject } from './fill-log.ts'
import type { LogTask, LogTaskReport } from './log-work.ts'
import { asking, openLog } from './open-log.ts'

/** How often a rebuild is given an append with which it can go live. */
const APPEND_EVERY_MS = 100

const task: LogTask = JSON.parse(process.argv[2] ?? '')
const report = await work()
process.stdout.write(JSON.stringify(report))

async function work(): Promise<LogTaskReport> {
  switch (task.task) {
    case 'read':
      return readAlone(task.database)
    case 'replay':
      return await replayAll(task.database, task.scratch)
    case 'rebuild':
      return await rebuildFiles(task.database)
    case 'hash':
      return hashAlone(task.database)
    case 'append':
      return await appendAll(task.database, task.files)
    case 'verify':
      return await verifyAll(task.dataDir)
  }
}

/**
 * The reference of a replay: every row of `events` and `event_private` is read, in pages of 1,000, and its JSON parsed. No
 * event is made of it, and nothing is written.
 */
function readAlone(database: string): LogTaskReport {
  const db = new DatabaseSync(database, { readOnly: true })
  const records = db.prepare(
    'select position, record from events where position > ? order by position limit 1000',
  )
  const bodies = db.prepare(
    'select position, grp, body from event_private where position > ? and position <= ? order by position',
  )
  const started = performance.now()
  let events = 0
  for (let at = 0; ; ) {
    const page = records.all(at)
    const last = Number(page.at(-1)?.position ?? at)
    for (const { record } of page) JSON.parse(String(record))
    for (const { body } of bodies.all(at, last)) JSON.parse(String(body))
    events += page.length
    at = last
    if (page.length === 0) break
  }
  const milliseconds = performance.now() - started
  db.close()
  return { events, milliseconds }
}

/**
 * The reference of a verification: every column of every row of `events` and `event_private` is read, in pages of
 * 1,000, and SHA-256 computed of each record. Nothing is compared.
 */
function hashAlone(database: string): LogTaskReport {
  const db = new DatabaseSync(database, { readOnly: true })
  const records = db.prepare(
    'select * from events where position > ? order by position limit 1000',
  )
  const bodies = db.prepare(
    'select * from event_private where position > ? and position <= ? order by position, grp',
  )
  const started = performance.now()
  let events = 0
  for (let at = 0; ; ) {
    const page = records.all(at)
    const last = Number(page.at(-1)?.position ?? at)
    for (const { record } of page) hash('sha256', String(record), 'buffer')
    bodies.all(at, last)
    events += page.length
    at = last
    if (page.length === 0) break
  }
  const milliseconds = performance.now() - started
  db.close()
  return { events, milliseconds }
}

/** What `custody audit verify` does, from its start to its answer: the threads' start and SQLite's own check too. */
async function verifyAll(dataDir: string): Promise<LogTaskReport> {
  const started = performance.now()
  const report = await verifyDataFolder({ dataDir, driver: 'node', now: Date.now() })
  const milliseconds = performance.now() - started
  const [finding] = report.findings
  if (finding) throw new Error(`the log does not verify: ${JSON.stringify(finding)}`)
  return { events: report.events, milliseconds }
}

/** What `custody audit replay` does, from its start to its answer. */
async function replayAll(source: string, scratch: string): Promise<LogTaskReport> {
  const started = performance.now()
  const database = await openReplayDatabase({
    source,
    scratch,
    driver: 'node',
    projections,
  })
  const { events, difference } = await replay(database, { projections, upcast })
  const milliseconds = performance.now() - started
  await database.close()
  if (difference)
    throw new Error(`the index is not what the log says: ${JSON.stringify(difference)}`)
  return { events, milliseconds }
}

/** Small uploads through the log's own append, each durable, as many at once as fill its batches. */
async function appendAll(database: string, files: number): Promise<LogTaskReport> {
  const log = await openLog(database)
  await createDefaultProject(log)
  // The first of them are compiled, and make the first pages.
  await appendUploads(log, Math.ceil(files / 5))
  const started = performance.now()
  await appendUploads(log, files)
  const milliseconds = performance.now() - started
  await log.close()
  return { events: files, milliseconds }
}

/** From the call to the moment in which the new generation is live; the removal of the old one is waited for, and not timed. */
async function rebuildFiles(database: string): Promise<LogTaskReport> {
  const log = await openLog(database)
  const generation = async () => (await log.reader.head()).projections.files
  await untilOneGeneration(database)
  const before = await generation()
  const started = performance.now()
  await log.rebuild('files')
  while ((await generation()) === before) {
    await delay(APPEND_EVERY_MS)
    await log.append({
      ...asking('system'),
      command: { type: 'UpdateProject', id: 'default', name: 'Default project' },
    })
  }
  const milliseconds = performance.now() - started
  const { position } = await log.reader.head()
  await untilOneGeneration(database)
  await log.close()
  return { events: position, milliseconds }
}

/** Waits until the tables of former generations are gone. */
async function untilOneGeneration(database: string): Promise<void> {
  const db = new DatabaseSync(database, { readOnly: true })
  const tables = db.prepare(
    "select name from sqlite_master where type = 'table' and name glob 'files_v*'",
  )
  while (tables.all().length > 1) await delay(APPEND_EVERY_MS)
  db.close()
}
