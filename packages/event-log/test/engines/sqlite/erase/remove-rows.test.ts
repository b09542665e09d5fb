import { join } from 'node:path'
import t from 'tap'
import { openNodeSqlite } from '../../../../src/engines/sqlite/connection/node-sqlite-connection.ts'
import { rowRemover } from '../../../../src/engines/sqlite/erase/remove-rows.ts'

const tables = [
  'create table t (a integer primary key, b text)',
  'create table t (b text, a integer primary key) strict',
  'create table t (a integer, b text, primary key (b, a)) strict, without rowid',
  'create table t (a text primary key, b text unique)',
]

for (const create of tables) {
  t.test(`the first rows go: ${create}`, async (t) => {
    const connection = openNodeSqlite(join(t.testdir({}), 'db'), { readOnly: false })
    t.teardown(() => connection.close())
    const rows = async () => {
      const all = await connection.prepare('select a from t order by cast(a as integer)')
      return (await all.all([])).map((row) => Number(row.a))
    }
    await connection.exec(create)
    await connection.exec(
      `insert into t (a, b) select value, 'b' || value from json_each('[1,2,3,4,5]')`,
    )
    const remove = rowRemover(connection)
    t.equal(await remove('t', 2), 2)
    t.same(await rows(), [3, 4, 5])
    t.equal(await remove('t', 3), 3)
    t.equal(await remove('t', 3), 0)
    t.same(await rows(), [])
  })
}
