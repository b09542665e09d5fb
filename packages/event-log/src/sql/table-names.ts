import { type KyselyPlugin, OperationNodeTransformer, TableNode } from 'kysely'

/** Logical table name → the physical one, for projections whose generation changes at run time. */
export type TableNames = Readonly<Record<string, string>>

/** A Kysely plugin that writes physical table names where a query names logical ones. */
export function tableNamesPlugin(names: TableNames): KyselyPlugin {
  const transformer = new TableNameTransformer(names)
  return {
    transformQuery: ({ node, queryId }) => transformer.transformNode(node, queryId),
    transformResult: async ({ result }) => result,
  }
}

class TableNameTransformer extends OperationNodeTransformer {
  readonly #names: TableNames

  constructor(names: TableNames) {
    super()
    this.#names = names
  }

  protected override transformTable(
    ...args: Parameters<OperationNodeTransformer['transformTable']>
  ): TableNode {
    const table = super.transformTable(...args)
    const physical = this.#names[table.table.identifier.name]
    return physical === undefined || table.table.schema
      ? table
      : TableNode.create(physical)
  }
}
