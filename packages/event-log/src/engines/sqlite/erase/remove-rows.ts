import type {
  SqliteConnection,
  SqliteStatement,
} from '../connection/sqlite-connection.ts'

/** Removes the first rows of a table by its primary key, whatever that is; resolves to their number. */
export function rowRemover(connection: SqliteConnection) {
  const prepared = new Map<string, SqliteStatement>()

  async function prepare(table: string): Promise<SqliteStatement> {
    const info = await (await connection.prepare(`pragma table_info("${table}")`)).all([])
    const keys = info
      .filter((column) => Number(column.pk) > 0)
      .sort((one, other) => Number(one.pk) - Number(other.pk))
      .map((column) => `"${column.name}"`)
      .join(', ')
    return await connection.prepare(
      `delete from "${table}" where (${keys}) in
        (select ${keys} from "${table}" order by ${keys} limit ?)`,
    )
  }

  return async (table: string, limit: number): Promise<number> => {
    const statement = prepared.get(table) ?? (await prepare(table))
    prepared.set(table, statement)
    return await statement.run([limit])
  }
}
