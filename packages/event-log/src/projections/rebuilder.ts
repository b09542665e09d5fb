import { CustodyError, quote } from '@custody/domain/errors'
import { readHead } from '../append/log-head.ts'
import type { LogModule, Projection } from '../log-module.ts'
import { readEvents } from '../read/read-events.ts'
import { toLogEvent } from '../read/stored-event.ts'
import type { Sql } from '../sql/sql.ts'
import { type ProjectionSet, physicalName } from './projection-set.ts'

/** How long one slice keeps the appender waiting. */
const SLICE_MS = 5

/** Events that one read of a slice takes. */
const SLICE_READ = 200

/** Builds generations of projections beside the live ones, a few milliseconds at a time. */
export interface Rebuilder {
  /** Creates and fills what the log's head does not know yet: a new log, or a new version of a projection. */
  buildMissing(): Promise<void>
  start(projection: string): Promise<void>
  /** Resolves to whether there is more to do. */
  slice(): Promise<boolean>
  /** Generations that wait to go live, or undefined. */
  ready(): Readonly<Record<string, string>> | undefined
  /** Applies what was appended since the last slice. Runs inside the append's transaction. */
  catchUp(): Promise<void>
  /** The append in which they went live was committed. */
  swapped(): void
  /** That append was rolled back, and so was what it caught up. */
  notSwapped(): void
}

type Building = {
  readonly projection: Projection
  readonly generation: string
  /** Last position that was applied, and the one that is certainly on disk. */
  at: number
  saved: number
  done: boolean
}

type Place = {
  readonly sql: Sql
  readonly transactions: { run<T>(work: () => Promise<T>): Promise<T> }
  readonly projections: ProjectionSet
}

export function createRebuilder(
  place: Place,
  module: LogModule,
  live: Readonly<Record<string, string>>,
): Rebuilder {
  const { sql, transactions, projections } = place
  let current: Readonly<Record<string, string>> = live
  const building: Building[] = []
  const retired: { readonly projection: Projection; readonly generation: string }[] = []

  async function create(projection: Projection, generation: string): Promise<Building> {
    await transactions.run(async () => {
      await projection.create(sql, (logical) => physicalName(logical, generation))
    })
    return { projection, generation, at: 0, saved: 0, done: false }
  }

  async function drop(projection: Projection, generation: string): Promise<void> {
    await transactions.run(async () => {
      for (const logical of projection.tables) {
        await sql.exec(`drop table if exists "${physicalName(logical, generation)}"`)
      }
    })
  }

  /** Applies events after `one.at` until the time is over or there are none; resolves to whether there are more. */
  async function applySome(one: Building, until: number): Promise<boolean> {
    const batch = one.projection.open(projections.sqlFor(one.projection, one.generation))
    let more = true
    while (more) {
      const page = await readEvents(sql, {
        from: one.at,
        limit: SLICE_READ,
        types: one.projection.types,
      })
      for (const stored of page) await batch.apply(toLogEvent(stored, module.upcast))
      one.at = page.at(-1)?.record.position ?? one.at
      more = page.length === SLICE_READ
      if (performance.now() >= until) break
    }
    await batch.flush()
    return more
  }

  async function advance(one: Building, ms: number): Promise<boolean> {
    const before = one.at
    try {
      return await transactions.run(() => applySome(one, performance.now() + ms))
    } catch (error) {
      one.at = before
      throw error
    }
  }

  async function finish(one: Building): Promise<void> {
    await transactions.run(async () => {
      await one.projection.createIndexes(sql, (logical) =>
        physicalName(logical, one.generation),
      )
    })
    one.done = true
  }

  return {
    async buildMissing() {
      const head = await readHead(sql)
      for (const projection of projections.projections) {
        const generation = current[projection.name]
        if (generation === undefined) continue
        // What an interrupted rebuild or removal left behind.
        for (const stray of neighbours(generation)) await drop(projection, stray)
        if (head.projections[projection.name] === generation) continue
        // A build that was cut short begins anew: it was never live.
        await drop(projection, generation)
        const one = await create(projection, generation)
        while (await advance(one, 1000)) {}
        await finish(one)
      }
    },
    async start(name) {
      const projection = projections.projections.find((one) => one.name === name)
      if (!projection) {
        const names = projections.projections.map((one) => one.name).join(', ')
        throw new CustodyError(
          'invalid_value',
          `There is no projection ${quote(name)}; there are: ${names}.`,
        )
      }
      const generation = nextGeneration(current[name] ?? `v${projection.version}`)
      await drop(projection, generation)
      building.push(await create(projection, generation))
    },
    async slice() {
      const one = building.find((candidate) => !candidate.done)
      if (one) {
        if (!(await advance(one, SLICE_MS))) await finish(one)
        return true
      }
      const old = retired.shift()
      if (old) await drop(old.projection, old.generation)
      return retired.length > 0
    },
    ready() {
      const done = building.filter((one) => one.done)
      if (done.length === 0) return undefined
      return Object.fromEntries(done.map((one) => [one.projection.name, one.generation]))
    },
    async catchUp() {
      for (const one of building.filter((candidate) => candidate.done)) {
        one.saved = one.at
        while (await applySome(one, Number.POSITIVE_INFINITY)) {}
      }
    },
    swapped() {
      for (const one of building.filter((candidate) => candidate.done)) {
        const generation = current[one.projection.name]
        if (generation !== undefined)
          retired.push({ projection: one.projection, generation })
        current = { ...current, [one.projection.name]: one.generation }
        building.splice(building.indexOf(one), 1)
      }
    },
    notSwapped() {
      for (const one of building.filter((candidate) => candidate.done)) one.at = one.saved
    },
  }
}

/** The generations that a rebuild to or from this one makes or retires. */
function neighbours(generation: string): string[] {
  const [version, count] = generation.split('_')
  const number = Number(count ?? 1)
  const before =
    number === 1 ? [] : [number === 2 ? `${version}` : `${version}_${number - 1}`]
  return [...before, nextGeneration(generation)]
}

/** `v1` → `v1_2` → `v1_3` */
function nextGeneration(generation: string): string {
  const [version, count] = generation.split('_')
  return `${version}_${Number(count ?? 1) + 1}`
}
