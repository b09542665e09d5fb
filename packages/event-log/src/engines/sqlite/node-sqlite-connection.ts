import { DatabaseSync } from 'node:sqlite'
import type { SqliteConnection } from './sqlite-connection.ts'

/** `node:sqlite`, built into Node: synchronous, which is what a thread of its own wants. */
export function openNodeSqlite(
  path: string,
  options: { readOnly: boolean },
): SqliteConnection {
  const db = new DatabaseSync(path, { readOnly: options.readOnly })
  return {
    driver: 'node',
    prepare(text) {
      const prepared = db.prepare(text)
      return {
        all: (params) => prepared.all(...params),
        get: (params) => prepared.get(...params),
        run: (params) => Number(prepared.run(...params).changes),
      }
    },
    exec: (text) => db.exec(text),
    close: () => db.close(),
  }
}
