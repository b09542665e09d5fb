import type { LogEvent, Projection, ProjectionBatch } from '../log-module.ts'
import type { Sql } from '../sql/sql.ts'
import type { TableNames } from '../sql/table-names.ts'

/** Projections with the connection through which each one sees its live tables. */
export interface ProjectionSet {
  readonly projections: readonly Projection[]
  /** The connection, where the logical tables of `projection` mean those of `generation`. */
  sqlFor(projection: Projection, generation: string): Sql
}

/** The generation that a projection begins with: `v1`. */
export function firstGeneration(projection: Projection): string {
  return `v${projection.version}`
}

/** `files` in generation `v1_2` is the table `files_v1_2`. */
export function physicalName(logical: string, generation: string): string {
  return `${logical}_${generation}`
}

/** The tables of a generation, by their logical names. */
export function physicalNames(projection: Projection, generation: string): TableNames {
  return Object.fromEntries(
    projection.tables.map((logical) => [logical, physicalName(logical, generation)]),
  )
}

export function createProjectionSet(
  sql: Sql,
  projections: readonly Projection[],
): ProjectionSet {
  const known = new Map<string, Sql>()
  return {
    projections,
    sqlFor(projection, generation) {
      const key = `${projection.name} ${generation}`
      let found = known.get(key)
      if (!found) {
        found = sql.withTables(physicalNames(projection, generation))
        known.set(key, found)
      }
      return found
    },
  }
}

/**
 * The live generation of every projection: what the log's head says, or the first of this version where
 * the head names none, or one of another version (it was built when the log was opened).
 */
export function liveGenerations(
  projections: readonly Projection[],
  head: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    projections.map((projection) => {
      const first = firstGeneration(projection)
      const live = head[projection.name]
      return [
        projection.name,
        live === first || live?.startsWith(`${first}_`) ? live : first,
      ]
    }),
  )
}

/** Opens all projections for one batch. */
export function openProjections(
  set: ProjectionSet,
  head: Readonly<Record<string, string>>,
) {
  const generations = liveGenerations(set.projections, head)
  const batches = new Map<Projection, ProjectionBatch>()
  const byType = new Map<string, ProjectionBatch[]>()
  for (const projection of set.projections) {
    const generation = generations[projection.name] ?? firstGeneration(projection)
    const batch = projection.open(set.sqlFor(projection, generation))
    batches.set(projection, batch)
    for (const type of projection.types) {
      const list = byType.get(type)
      if (list) list.push(batch)
      else byType.set(type, [batch])
    }
  }
  return {
    generations,
    batchOf<Batch extends ProjectionBatch>(projection: Projection<Batch>): Batch {
      const batch = batches.get(projection)
      if (!batch) throw new TypeError(`There is no projection '${projection.name}'`)
      // What `open` of this very projection returned.
      return batch as Batch
    },
    async apply(event: LogEvent): Promise<void> {
      for (const batch of byType.get(event.type) ?? []) {
        const applied = batch.apply(event)
        if (applied) await applied
      }
    },
    async flush(): Promise<void> {
      for (const batch of batches.values()) await batch.flush()
    },
  }
}
