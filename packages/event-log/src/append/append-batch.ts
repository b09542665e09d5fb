import {
  appendLeaves,
  canonicalJson,
  commitmentOfText,
  encodeFrontier,
  leafHash,
} from '@custody/transparency'
import { encodeRecord, MAX_RECORD_BYTES } from '../event-record.ts'
import type { LogClock } from '../log-clock.ts'
import type { LogEvent, LogModule, NewEvent } from '../log-module.ts'
import { formatTime, type Micros } from '../log-time.ts'
import { openProjections, type ProjectionSet } from '../projections/projection-set.ts'
import type { Sql } from '../sql/sql.ts'
import type { AppendedEvent, AppendOutcome, AppendRequest } from './append-request.ts'
import { batchChain } from './batch-chain.ts'
import { idempotencyBatch } from './idempotency.ts'
import { readHead, WRITER_EPOCH } from './log-head.ts'
import type { EventRow, PrivateRow } from './log-tables.ts'
import { countFrom } from './next-numbers.ts'
import { writeEvents } from './write-events.ts'
import { writeTiles } from './write-tiles.ts'

export type BatchCommand = {
  readonly request: AppendRequest
  readonly attachments: readonly Uint8Array[]
}

export type AppendEnvironment = {
  readonly module: LogModule
  readonly clock: LogClock
  /** Fresh random bytes: salts. */
  readonly random: (bytes: number) => Uint8Array
  /** `sql` as each live projection sees it; kept between batches, so that statements stay prepared. */
  readonly projections: ProjectionSet
  /** Private data was erased in this transaction. */
  readonly onErased: () => void
  /** Generations that take the place of the live ones from this batch on; they have caught up. */
  readonly swap?: Readonly<Record<string, string>>
}

/**
 * Decides and writes one batch inside the transaction that `sql` is in, which the caller has begun with
 * the log's lock. Commits nothing: when this throws, the caller rolls back and no command was done.
 *
 * A refused command leaves its neighbours alone. One that throws does not: what the decider and the
 * projections hold in memory may tell of it by then, so the caller tries its members one by one.
 */
export async function appendBatch(
  sql: Sql,
  commands: readonly BatchCommand[],
  environment: AppendEnvironment,
): Promise<AppendOutcome[]> {
  const { module, clock } = environment
  const head = await readHead(sql)
  const projections = openProjections(environment.projections, {
    ...head.projections,
    ...environment.swap,
  })
  const decider = module.openBatch(sql, projections.batchOf)
  const numbers = countFrom(sql)
  const idempotency = idempotencyBatch(sql)
  const written: Written = { events: [], leaves: [], private: [], erase: [] }
  let position = head.position
  let time = head.time

  async function place(
    event: NewEvent,
    index: number,
    command: BatchCommand,
    at: Micros,
  ) {
    const { request } = command
    module.check(event)
    position += 1
    time = at
    const seq = await numbers.nextSeq(request.project)
    const version = await numbers.nextVersion(event.stream, event.after)
    const commit: Record<string, string> = {}
    for (const group in event.private) {
      const body = canonicalJson(event.private[group])
      const salt = environment.random(16)
      commit[group] = commitmentOfText(salt, body)
      written.private.push({ position, grp: group, salt, body })
    }
    const fields = {
      id: index === 0 ? request.eventId : laterEventId(request.eventId, index),
      position,
      project: request.project,
      seq,
      stream: event.stream,
      version,
      type: event.type,
      schema: module.schemaOf(event.type),
      actor: request.actor,
      request: request.request,
      data: event.data,
      commit,
    }
    const record = encodeRecord({
      ...fields,
      time,
      ...(request.onBehalfOf !== undefined && { on_behalf_of: request.onBehalfOf }),
      ...(request.causation !== undefined && { causation: request.causation }),
    })
    const bytes = Buffer.from(record)
    if (bytes.length > MAX_RECORD_BYTES) {
      throw new TypeError(`A record of ${bytes.length} bytes is over ${MAX_RECORD_BYTES}`)
    }
    const leaf = leafHash(bytes)
    written.leaves.push(leaf)
    written.events.push({
      position,
      project: request.project,
      seq,
      stream: event.stream,
      version,
      event_id: fields.id,
      type: event.type,
      schema: fields.schema,
      time: formatTime(time),
      actor: request.actor,
      request: request.request,
      record,
      leaf_hash: leaf,
    })
    const placed: LogEvent = {
      position,
      project: request.project,
      seq,
      stream: event.stream,
      version,
      type: event.type,
      time,
      actor: request.actor,
      data: event.data,
      private: event.private ?? {},
    }
    await projections.apply(placed)
    return { position, seq, stream: event.stream, version, type: event.type, time }
  }

  async function decideOne(command: BatchCommand): Promise<AppendOutcome> {
    const { request } = command
    const now = Math.max(clock(), time + 1)
    const earlier =
      request.idempotency && (await idempotency.replay(request.idempotency, now))
    if (earlier) return earlier
    const decision = await decider.decide(request.command, {
      project: request.project,
      now,
      attachments: command.attachments,
    })
    if ('refusal' in decision) return { error: decision.refusal.toData() }
    const placed: AppendedEvent[] = []
    for (const [index, event] of decision.events.entries()) {
      placed.push(await place(event, index, command, now + index))
    }
    if (decision.erase) written.erase.push(...decision.erase)
    if (request.idempotency) idempotency.keep(request.idempotency, placed, now)
    return { events: placed, replayed: false }
  }

  const outcomes: AppendOutcome[] = []
  for (const command of commands) outcomes.push(await decideOne(command))

  if (written.events.length > 0) {
    const { frontier, tiles } = appendLeaves(head.frontier, written.leaves)
    const batch = {
      position,
      frontier: encodeFrontier(frontier),
      time: formatTime(time),
      writer_epoch: WRITER_EPOCH,
      projections: JSON.stringify(projections.generations),
    }
    await writeEvents(sql, {
      ...written,
      batch: { ...batch, chain: batchChain(head.chain, batch) },
    })
    await writeTiles(sql, tiles)
    if (written.erase.length > 0) {
      await idempotency.forget(new Set(written.erase.map(({ position }) => position)))
      environment.onErased()
    }
    await decider.flush()
    await projections.flush()
  }
  await idempotency.flush()
  return outcomes
}

type Written = {
  readonly events: EventRow[]
  readonly leaves: Buffer[]
  readonly private: PrivateRow[]
  readonly erase: { readonly position: number; readonly group: string }[]
}

/** Ids of a command's second and later events: the first one's, counted on in its last 48 bits. */
function laterEventId(first: string, index: number): string {
  const tail = (Number.parseInt(first.slice(24), 16) + index) % 2 ** 48
  return `${first.slice(0, 24)}${tail.toString(16).padStart(12, '0')}`
}
