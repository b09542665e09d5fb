import type { SqliteConnection, SqliteStatement } from './sqlite-connection.ts'

/** COMMIT failed, so whether it took place is not known until the log was opened and read again. */
export class CommitFailed extends Error {
  override readonly name = 'CommitFailed'
  /** What the transaction's work came to. */
  readonly result: unknown

  constructor(result: unknown, cause: unknown) {
    super('The outcome of a COMMIT is unknown', { cause })
    this.result = result
  }
}

/** Transactions on one connection, begun with the write lock. */
export interface Transactions {
  run<T>(work: () => Promise<T>): Promise<T>
}

export async function createTransactions(
  connection: SqliteConnection,
): Promise<Transactions> {
  const [begin, commit, rollback] = await Promise.all(
    ['begin immediate', 'commit', 'rollback'].map((text) => connection.prepare(text)),
  )
  if (!begin || !commit || !rollback)
    throw new TypeError('Three statements were prepared')
  return {
    async run(work) {
      await begin.run([])
      let result: Awaited<ReturnType<typeof work>>
      try {
        result = await work()
      } catch (error) {
        await quietly(rollback)
        throw error
      }
      try {
        await commit.run([])
      } catch (error) {
        await quietly(rollback)
        throw new CommitFailed(result, error)
      }
      return result
    },
  }
}

/** SQLite rolls back by itself after some errors; a second time is then refused, and no news. */
async function quietly(rollback: SqliteStatement): Promise<void> {
  try {
    await rollback.run([])
  } catch {}
}
