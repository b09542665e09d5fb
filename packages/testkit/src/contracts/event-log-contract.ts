import type { Test } from 'tap'
import type { CreateLogStore } from '../event-log/log-store.ts'
import { appendContract } from './event-log/append-contract.ts'
import { batchContract } from './event-log/batch-contract.ts'
import { checkpointContract } from './event-log/checkpoint-contract.ts'
import { consumerContract } from './event-log/consumer-contract.ts'
import { evidenceContract } from './event-log/evidence-contract.ts'
import { idempotencyContract } from './event-log/idempotency-contract.ts'
import { projectContract } from './event-log/project-contract.ts'
import { readContract } from './event-log/read-contract.ts'
import { rebuildContract } from './event-log/rebuild-contract.ts'
import { replayContract } from './event-log/replay-contract.ts'

/** What every event log does, whatever engine keeps it. */
export function eventLogContract(
  t: Test,
  options: {
    /** Of the engine, for the names of the tests. */
    readonly name: string
    readonly createStore: CreateLogStore
  },
): void {
  const { name, createStore } = options
  const parts = {
    appends: appendContract,
    batches: batchContract,
    evidence: evidenceContract,
    checkpoints: checkpointContract,
    idempotency: idempotencyContract,
    reads: readContract,
    'reads by project': projectContract,
    consumers: consumerContract,
    rebuilds: rebuildContract,
    replays: replayContract,
  }
  for (const [part, contract] of Object.entries(parts)) {
    t.test(`${name}: ${part}`, async (t) => contract(t, createStore))
  }
}
