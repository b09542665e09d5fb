import type { FileState } from '@custody/domain'
import { lastSeq } from '@custody/event-log'
import { canonicalJson } from '@custody/transparency'
import fc from 'fast-check'
import t from 'tap'
import {
  dueFiles,
  findExtent,
  findFile,
  findGarbage,
  findPrivateGroups,
  findUsage,
  listFiles,
  listFilesAsOf,
  type Moment,
} from '../src/index.ts'
import { createProject, openIndex, type TestIndex } from './fixtures/open-index.ts'

/** What is asked, with numbers that pick from what there is. */
type Step =
  | {
      readonly kind: 'upload'
      readonly purpose: string
      readonly bytes: number
      readonly expiresAfter: number | undefined
    }
  | {
      readonly kind:
        | 'delete'
        | 'expire'
        | 'erase'
        | 'destroy'
        | 'release'
        | 'damage'
        | 'repair'
      readonly pick: number
    }
  | { readonly kind: 'hold'; readonly pick: number; readonly seconds: number | undefined }
  | { readonly kind: 'quota'; readonly bytes: number | undefined }
  | { readonly kind: 'key' | 'revoke'; readonly pick: number }
  | { readonly kind: 'wait'; readonly seconds: number }

const pick = fc.nat({ max: 20 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('upload' as const),
      purpose: fc.constantFrom('batch', 'vision'),
      bytes: fc.nat({ max: 50 }),
      expiresAfter: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constantFrom('delete' as const, 'expire' as const, 'destroy' as const),
      pick,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('erase' as const), pick }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('damage' as const, 'repair' as const),
      pick,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('key' as const, 'revoke' as const, 'release' as const),
      pick,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('hold' as const),
      pick,
      seconds: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('quota' as const),
      bytes: fc.option(fc.nat({ max: 300 }), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      seconds: fc.integer({ min: 1, max: 3 }),
    }),
  },
)

type ModelFile = {
  readonly id: string
  readonly purpose: string
  readonly bytes: number
  readonly expiresAt: number | null
  /** When each of its holds ends. */
  holds: Map<string, number>
  ended: 'deleted' | 'expired' | 'erased' | null
  erased: boolean
  destroyed: boolean
  damaged: boolean
}

/** The same project, told plainly. It asks the log, and says what the log must answer. */
class Model {
  readonly project: string
  readonly files: ModelFile[] = []
  readonly #index: TestIndex
  readonly #keys: string[] = []
  #quota: number | undefined

  constructor(index: TestIndex, project: string) {
    this.#index = index
    this.project = project
  }

  isLive({ ended, expiresAt, holds }: ModelFile): boolean {
    const end = Math.max(expiresAt ?? Infinity, ...holds.values())
    return ended === null && end > this.#index.now()
  }

  #pick(number: number): ModelFile | undefined {
    return this.files[number % Math.max(1, this.files.length)]
  }

  notEnded(purpose?: string): ModelFile[] {
    return this.files.filter(
      (file) =>
        file.ended === null && (purpose === undefined || file.purpose === purpose),
    )
  }

  garbage(): string[] {
    return this.files.filter((file) => file.ended && !file.destroyed).map(({ id }) => id)
  }

  /** Asks, and resolves to what was not as it must be. */
  async do(step: Exclude<Step, { kind: 'wait' }>): Promise<string | undefined> {
    const index = this.#index
    const { project } = this
    const id = index.newId()
    switch (step.kind) {
      case 'upload': {
        const { purpose, bytes, expiresAfter } = step
        const used = this.notEnded().reduce((sum, file) => sum + file.bytes, 0)
        const fits = this.#quota === undefined || used + bytes <= this.#quota
        const expiresAt = expiresAfter === undefined ? null : index.now() + expiresAfter
        const file: ModelFile = {
          ...{ id, purpose, bytes, expiresAt },
          ...{ holds: new Map(), ended: null, erased: false, destroyed: false },
          damaged: false,
        }
        if (fits) this.files.push(file)
        const asked = index.upload({
          file: id,
          purpose,
          bytes,
          project,
          ...(expiresAfter !== undefined && { expiresAfter }),
        })
        return await expectKey(asked, fits ? undefined : 'storage_quota_exceeded')
      }
      case 'delete': {
        const file = this.#pick(step.pick)
        const asked = index.remove(file?.id ?? id, project)
        if (!file || !this.isLive(file)) return await expectKey(asked, 'file_not_found')
        if ([...file.holds.values()].some((end) => end > index.now()))
          return await expectKey(asked, 'file_held')
        file.ended = 'deleted'
        return await expectKey(asked, undefined)
      }
      case 'erase': {
        const file = this.#pick(step.pick)
        const command = { type: 'EraseFile', file: file?.id ?? id, idAsSent: id } as const
        const asked = index.ask(command, project)
        if (!file) return await expectKey(asked, 'file_not_found')
        if (!file.ended && [...file.holds.values()].some((end) => end > index.now()))
          return await expectKey(asked, 'file_held')
        file.ended ??= 'erased'
        file.erased = true
        return await expectKey(asked, undefined)
      }
      case 'hold': {
        const file = this.#pick(step.pick)
        const end = step.seconds === undefined ? null : index.now() + step.seconds
        const command = { type: 'HoldFile', file: file?.id ?? id, idAsSent: id } as const
        const asked = index.ask(
          { ...command, hold: id, name: `hold ${id}`, retainUntil: end },
          project,
        )
        if (!file || !this.isLive(file)) return await expectKey(asked, 'file_not_found')
        file.holds.set(id, end ?? Infinity)
        return await expectKey(asked, undefined)
      }
      case 'release': {
        const file = this.#pick(step.pick)
        const hold = file?.holds.keys().next().value ?? id
        const command = {
          type: 'ReleaseFile',
          file: file?.id ?? id,
          idAsSent: id,
        } as const
        const asked = index.ask({ ...command, hold }, project)
        if (!file || !this.isLive(file)) return await expectKey(asked, 'file_not_found')
        if (!file.holds.delete(hold)) return await expectKey(asked, 'hold_not_found')
        if (!this.isLive(file)) file.ended = 'expired'
        return await expectKey(asked, undefined)
      }
      case 'expire': {
        const file = this.#pick(step.pick)
        const due = file?.ended === null && !this.isLive(file)
        const asked = index.ask({ type: 'ExpireFile', file: file?.id ?? id }, project)
        if (due) file.ended = 'expired'
        const { length } = await asked
        return length === (due ? 1 : 0) ? undefined : `${length} events of an expiry`
      }
      case 'damage':
      case 'repair': {
        const file = this.#pick(step.pick)
        const isDamage = step.kind === 'damage'
        const changes = file?.ended === null && file.damaged !== isDamage
        const place = { file: file?.id ?? id, extent: file?.id ?? id }
        const asked = isDamage
          ? index.ask(
              { type: 'MarkDamaged', ...place, segment: 1, foundBy: 'read' },
              project,
            )
          : index.ask({ type: 'MarkRepaired', ...place }, project)
        if (file && changes) file.damaged = isDamage
        const { length } = await asked
        return length === (changes ? 1 : 0) ? undefined : `${length} events of damage`
      }
      case 'destroy': {
        const extents = this.garbage().slice(0, step.pick % 4)
        for (const file of this.files) file.destroyed ||= extents.includes(file.id)
        const asked = index.ask({ type: 'RecordDestroyed', extents }, 'system')
        return await expectKey(asked, undefined)
      }
      case 'quota': {
        this.#quota = step.bytes
        const limits = {
          uploads_per_minute: 1,
          ...(step.bytes !== undefined && { quota_bytes: step.bytes }),
        }
        const asked = index.ask({ type: 'UpdateProject', id: project, limits }, 'system')
        return await expectKey(asked, undefined)
      }
      case 'key': {
        this.#keys.push(id)
        const asked = index.ask(
          {
            type: 'CreateApiKey',
            id,
            name: 'key',
            account: null,
            scopes: ['z', 'a'],
            sha256: id.replaceAll('-', '').repeat(2),
            redacted: 'sk-a',
            expiresAt: null,
          },
          project,
        )
        return await expectKey(asked, undefined)
      }
      case 'revoke': {
        const [key] = this.#keys.splice(step.pick % Math.max(1, this.#keys.length), 1)
        const asked = index.ask(
          { type: 'RevokeApiKey', id: key ?? id, reason: 'request' },
          project,
        )
        return await expectKey(asked, key ? undefined : 'api_key_not_found')
      }
    }
  }
}

async function expectKey(
  asked: Promise<unknown>,
  expected: string | undefined,
): Promise<string | undefined> {
  const found = await asked.then(
    () => undefined,
    (error) => String(error.key ?? error),
  )
  return found === expected ? undefined : `${found}, not ${expected}`
}

/** Every page of a list, joined. */
async function listAll(
  index: TestIndex,
  project: string,
  order: 'asc' | 'desc',
  purpose: string | undefined,
): Promise<string[]> {
  const ids: string[] = []
  let after: number | undefined
  for (;;) {
    const page = await listFiles(index.log.reader.sql, {
      project,
      order,
      limit: 3,
      now: index.now(),
      ...(purpose !== undefined && { purpose }),
      ...(after !== undefined && { after }),
    })
    ids.push(...page.map(({ id }) => id))
    after = page.at(-1)?.seq
    if (after === undefined) return ids
  }
}

/** What is left to be said of a file that was erased. */
function withoutPrivate(file: FileState): FileState {
  return {
    ...file,
    filename: null,
    metadata: null,
    sha256: null,
    extents: [],
    holds: file.holds.map((hold) => ({ ...hold, name: null, note: null })),
  }
}

/** What a live list says now, to be compared with what is said later of this moment. */
type Snapshot = { readonly moment: Moment; readonly files: readonly FileState[] }

async function snapshot(index: TestIndex, project: string): Promise<Snapshot> {
  const { sql } = index.log.reader
  const moment = { seq: await lastSeq(sql, project), time: index.clock.now }
  const query = { project, order: 'asc', limit: 10_000, now: index.now() } as const
  return { moment, files: await listFiles(sql, query) }
}

/** Every page of the list as it was, joined. */
async function listAllAsOf(
  index: TestIndex,
  project: string,
  order: 'asc' | 'desc',
  moment: Moment,
  purpose: string | undefined,
): Promise<FileState[]> {
  const files: FileState[] = []
  for (;;) {
    const after = files.at(-1)?.seq
    const page = await listFilesAsOf(index.log.reader.sql, {
      project,
      order,
      limit: 3,
      moment,
      ...(purpose !== undefined && { purpose }),
      ...(after !== undefined && { after }),
    })
    files.push(...page)
    if (page.length < 3) return files
  }
}

t.test('after any history, the index is what a plain model says', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  let runs = 0

  // Not made smaller when it fails: the log keeps what went wrong, and any history would fail after it.
  const history = fc.noShrink(
    fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { maxLength: 8 }),
  )
  const property = fc.asyncProperty(history, async (batches) => {
    runs += 1
    const model = new Model(index, `project ${runs}`)
    await createProject(index, model.project)
    const snapshots: Snapshot[] = [await snapshot(index, model.project)]
    for (const batch of batches) {
      // What is asked at once shares a transaction.
      const asked: Promise<string | undefined>[] = []
      for (const one of batch) {
        if (one.kind !== 'wait') asked.push(model.do(one))
        else {
          await Promise.all(asked)
          index.clock.now += one.seconds * 1_000_000
        }
      }
      for (const wrong of await Promise.all(asked)) if (wrong) throw new Error(wrong)
      snapshots.push(await snapshot(index, model.project))
    }

    const { project, files } = model
    const expect = (found: unknown, expected: unknown, name: string) => {
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        throw new Error(
          `${name}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`,
        )
      }
    }
    // An event keeps no order of its members, and a row does.
    const expectSame = (found: object, expected: object, name: string) =>
      expect(canonicalJson(found), canonicalJson(expected), name)
    for (const purpose of [undefined, 'batch', 'vision']) {
      const live = files
        .filter((file) => model.isLive(file))
        .filter((file) => purpose === undefined || file.purpose === purpose)
        .map(({ id }) => id)
      expect(await listAll(index, project, 'asc', purpose), live, 'ascending')
      expect(await listAll(index, project, 'desc', purpose), live.reverse(), 'descending')
    }
    const erased = new Set(files.filter((file) => file.erased).map(({ id }) => id))
    for (const { moment, files } of snapshots) {
      for (const purpose of [undefined, 'batch']) {
        const then = files
          .filter((one) => purpose === undefined || one.purpose === purpose)
          .map((one) => (erased.has(one.id) ? withoutPrivate(one) : one))
          .map((one) => ({ ...one, extents: [] }))
        const all = (order: 'asc' | 'desc') =>
          listAllAsOf(index, project, order, moment, purpose)
        expectSame(await all('asc'), then, `as of ${moment.seq}`)
        expectSame(
          await all('desc'),
          then.toReversed(),
          `as of ${moment.seq}, descending`,
        )
      }
    }
    for (const { purpose, ...row } of await findUsage(sql, project)) {
      const files = model.notEnded(purpose)
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
      expect([row.files, row.bytes], [files.length, bytes], `usage of ${purpose}`)
    }
    const due = await dueFiles(sql, index.now(), 10_000)
    expect(
      due
        .filter((row) => row.project === project)
        .map(({ file }) => file)
        .sort(),
      model
        .notEnded()
        .filter((file) => !model.isLive(file))
        .map(({ id }) => id)
        .sort(),
      'due',
    )
    const garbage = (await findGarbage(sql, { after: '', limit: 10_000 })).map(
      ({ extent }) => extent,
    )
    const own = new Set(files.map(({ id }) => id))
    expect(
      garbage.filter((extent) => own.has(extent)),
      model.garbage().sort(),
      'garbage',
    )
    for (const file of files) {
      const state = await findFile(sql, file.id)
      expect(state?.ended?.reason ?? null, file.ended, 'end')
      const isGone = file.destroyed || file.erased
      expect((await findExtent(sql, file.id)) === undefined, isGone, 'destroyed')
      if (file.erased && state) expectSame(state, withoutPrivate(state), 'erased')
      const groups = await findPrivateGroups(sql, file.id)
      if (file.erased) expect(groups, [], 'private groups')
      else expect(groups.length >= 2, true, 'private groups')
    }
    expect((await index.replay()).difference, undefined, 'replay')
  })
  await fc.assert(property, { numRuns: 25 })
  t.ok(runs >= 25)
})
