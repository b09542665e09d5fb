import type { Database, Statement } from 'sqlite3'
import type { SqliteConnection, SqliteStatement } from './sqlite-connection.ts'

/**
 * The npm package `sqlite3`: asynchronous, on libuv's pool. The module is loaded only where it is chosen.
 *
 * It keeps no order between statements that are not awaited, so a caller awaits each one, and it binds
 * `undefined` and BigInt as NULL, which the type of the parameters forbids.
 */
export async function openNpmSqlite3(
  path: string,
  options: { readOnly: boolean },
): Promise<SqliteConnection> {
  const { default: sqlite3 } = await import('sqlite3')
  const mode = options.readOnly
    ? sqlite3.OPEN_READONLY
    : sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE
  const db = await new Promise<Database>((resolve, reject) => {
    const opened: Database = new sqlite3.Database(
      path,
      mode | sqlite3.OPEN_FULLMUTEX | sqlite3.OPEN_URI,
      (error) => (error ? reject(error) : resolve(opened)),
    )
  })
  const prepared = new Set<Statement>()
  return {
    driver: 'sqlite3',
    prepare: async (text) => {
      const statement = await new Promise<Statement>((resolve, reject) => {
        const made: Statement = db.prepare(text, (error: Error | null) =>
          error ? reject(error) : resolve(made),
        )
      })
      prepared.add(statement)
      return wrap(statement)
    },
    exec: (text) =>
      new Promise((resolve, reject) => {
        db.exec(text, (error) => (error ? reject(error) : resolve()))
      }),
    close: async () => {
      for (const statement of prepared) {
        await new Promise<void>((resolve) => statement.finalize(() => resolve()))
      }
      await new Promise<void>((resolve, reject) => {
        db.close((error) => (error ? reject(error) : resolve()))
      })
    },
  }
}

function wrap(statement: Statement): SqliteStatement {
  return {
    all: (params) =>
      new Promise((resolve, reject) => {
        statement.all<Record<string, unknown>>(params, (error, rows) =>
          error ? reject(error) : resolve(rows),
        )
      }),
    get: (params) =>
      new Promise((resolve, reject) => {
        // `all` and not `get`: a statement that is stepped once stays open and holds its read lock.
        statement.all<Record<string, unknown>>(params, (error, rows) =>
          error ? reject(error) : resolve(rows[0]),
        )
      }),
    run: (params) =>
      new Promise((resolve, reject) => {
        statement.run(params, function (error) {
          if (error) reject(error)
          else resolve(this.changes)
        })
      }),
  }
}
