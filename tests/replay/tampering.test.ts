import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { firstGeneration, physicalNames } from '@custody/event-log'
import { projections } from '@custody/file-index'
import { custody, custodyHere, startServer, temporaryFolder } from '@custody/testkit'
import t from 'tap'

// A deployment with something in every table, stopped; each test tampers with a copy of it.

const original = join(temporaryFolder(t), 'original')
const copies = temporaryFolder(t)
const ids: Record<'kept' | 'deleted', string> = { kept: '', deleted: '' }

t.before(async () => {
  const server = await startServer(t, { dataDir: original })
  const { api } = server
  const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  const fields = [['expires_after', '3600']] as const
  ids.kept = (await api.upload({ ...upload, fields })).json().id
  ids.deleted = (await api.upload(upload)).json().id
  await api.delete(ids.deleted)
  const project = await server.createProject({ limits: { quota_bytes: 1000 } })
  await server.admin.call(
    'DELETE',
    `/v1/organization/projects/${project.id}/api_keys/${project.keyId}`,
  )
  t.equal(await server.stop(), 0)
})

function tamper(name: string, sql: string): string {
  const dataDir = join(copies, name)
  cpSync(original, dataDir, { recursive: true })
  const database = new DatabaseSync(join(dataDir, 'custody.db'))
  try {
    database.exec(sql)
  } finally {
    database.close()
  }
  return dataDir
}

t.test('a copy that nobody touched is as the log says', async (t) => {
  const dataDir = tamper('untouched', 'select 1')
  const { code, stdout } = await custody(['audit', 'replay'], { dataDir })
  t.equal(code, 0)
  t.match(stdout, /^OK: /)
})

/** The tables of a new deployment, by logical name. */
const live: Readonly<Record<string, string>> = Object.assign(
  {},
  ...projections.map((one) => physicalNames(one, firstGeneration(one))),
)

const tamperings = {
  'the size of a file': {
    sql: `update ${live.files} set bytes = 6 where ended_at is null`,
    says: /^DIFFERENT: files \[\d+\]: bytes is 6, and by the log it is 5\n$/,
  },
  'the name of a file': {
    sql: `update ${live.files} set filename = 'b.txt' where ended_at is null`,
    says: /^DIFFERENT: files \[\d+\]: filename is "b.txt", and by the log it is "a.txt"\n$/,
  },
  'the digest of a file': {
    sql: `update ${live.files} set sha256 = '00' where ended_at is null`,
    says: /^DIFFERENT: files \[\d+\]: sha256 is "00"/,
  },
  'the project of a file': {
    sql: `update ${live.files} set project = 'proj_other' where ended_at is null`,
    says: /^DIFFERENT: files \[\d+\]: project is "proj_other", and by the log it is "default"/,
  },
  'a deleted file that is there again': {
    sql: `update ${live.files} set ended_at = null, ended_position = null, ended_seq = null,
      ended_reason = null where ended_at is not null`,
    says: /^DIFFERENT: files \[\d+\]: ended_\w+ is null/,
  },
  'a file that is missing': {
    sql: `delete from ${live.files} where ended_at is null`,
    says: /^DIFFERENT: files \[\d+\]: the log tells of it, and the index does not have it\n$/,
  },
  'a file that never was': {
    sql: `create temp table copy as select * from ${live.files} where ended_at is null;
      update copy set position = 1000, id = 'x', seq = 1000;
      insert into ${live.files} select * from copy`,
    says: /^DIFFERENT: files \[1000\]: the index has it, and the log does not tell of it\n$/,
  },
  'the usage of a project': {
    sql: `update ${live.usage} set bytes = bytes + 1`,
    says: /^DIFFERENT: usage \["default","user_data"\]: bytes is 6, and by the log it is 5\n$/,
  },
  'a deadline that is missing': {
    sql: `delete from ${live.deadlines}`,
    says: /^DIFFERENT: deadlines \[\d+,"[0-9a-f-]+"\]: the log tells of it/,
  },
  'garbage that is none': {
    sql: `insert into ${live.garbage} (extent, file) values ('x', 'y')`,
    says: /^DIFFERENT: garbage \["x"\]: the index has it/,
  },
  'the limits of a project': {
    sql: `update ${live.projects} set limits = '{}' where id <> 'default'`,
    says: /^DIFFERENT: projects \["proj_\w+"\]: limits is "\{\}"/,
  },
  'a revoked key that is good again': {
    sql: `update ${live.api_keys} set revoked_at = null where revoked_at is not null`,
    says: /^DIFFERENT: api_keys \["key_\w+"\]: revoked_at is null, and by the log it is \d+\n$/,
  },
  'the scopes of a key': {
    sql: `update ${live.api_keys} set scopes = '["api.files.erase"]' where revoked_at is not null`,
    says: /^DIFFERENT: api_keys \["key_\w+"\]: scopes is/,
  },
  'the name of a service account': {
    sql: `update ${live.service_accounts} set name = 'x'`,
    says: /^DIFFERENT: service_accounts \["\w+"\]: name is "x"/,
  },
} as const

for (const [what, { sql, says }] of Object.entries(tamperings)) {
  t.test(`replay finds tampering with ${what}, and names table and row`, async (t) => {
    const dataDir = tamper(what.replaceAll(' ', '-'), sql)
    const { code, stdout } = await custodyHere(['audit', 'replay'], { dataDir })
    t.equal(code, 1)
    t.match(stdout, says)
  })
}

t.test('events never change: the database refuses', async (t) => {
  for (const sql of [
    "update events set actor = 'somebody'",
    'update events set leaf_hash = zeroblob(32)',
    'delete from events where position = 2',
    `insert or replace into events select position, project, seq, stream, version, event_id, type, schema,
      time, 'somebody', request, record, leaf_hash from events where position = 2`,
    `insert into events select position + 1000, project, seq + 1000, stream, version + 1000, 'x', type,
      schema, time, actor, request, record, leaf_hash from events where position = 2`,
  ]) {
    t.throws(() => tamper('events', sql), { code: 'ERR_SQLITE_ERROR' }, sql)
  }
})
