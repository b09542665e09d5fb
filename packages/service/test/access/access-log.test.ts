import { CustodyError } from '@custody/domain'
import t from 'tap'
import { createAccessLog } from '../../src/access/access-log.ts'
import type { Appender, Asking } from '../../src/appender.ts'
import type { Principal } from '../../src/auth/principal.ts'
import type { StoredCommand } from '../../src/log/stored-command.ts'

const principal = (project: string, key = 'k'): Principal => ({
  keyId: key,
  actor: `key:${key}`,
  scopes: new Set(),
  project: { id: project, dialect: 'openai', limits: {} },
})

/** A log that takes commands, or refuses them while it is told to. */
function open() {
  const taken: { readonly command: StoredCommand; readonly asking: Asking }[] = []
  const state = { refuses: false, full: 0, warnings: [] as object[] }
  const append: Appender['append'] = async (command, asking) => {
    if (state.refuses) throw new CustodyError('overloaded', 'The queue is full.')
    taken.push({ command, asking })
    return { events: [], replayed: false }
  }
  const ignore = () => {}
  const logger = {
    debug: ignore,
    info: ignore,
    error: ignore,
    warn: (fields: object) => void state.warnings.push(fields),
  }
  const log = createAccessLog(
    { clock: () => 1_000, logger },
    { append },
    {
      all: false,
      onFull() {
        state.full += 1
      },
    },
  )
  const note = (project: string, file: string, key?: string) =>
    log.note(principal(project, key), { file, what: 'content', requestId: `req_${file}` })
  const reads = () =>
    taken.flatMap(({ command, asking }) =>
      command.type === 'RecordReads'
        ? [{ ...asking, reads: command.reads.map(({ file, lost }) => [file, lost]) }]
        : [],
    )
  return { log, note, reads, state }
}

t.test('reads of one key of one project share a command', async (t) => {
  const { log, note, reads } = open()
  note('p', 'a')
  note('q', 'b')
  note('p', 'c')
  note('p', 'd', 'other')
  await log.flush()
  t.same(reads(), [
    {
      ...{ project: 'p', actor: 'key:k', requestId: 'req_a' },
      reads: [
        ['a', undefined],
        ['c', undefined],
      ],
    },
    { project: 'q', actor: 'key:k', requestId: 'req_b', reads: [['b', undefined]] },
    { project: 'p', actor: 'key:other', requestId: 'req_d', reads: [['d', undefined]] },
  ])
})

t.test('what could not be written is counted, in its project', async (t) => {
  const { log, note, reads, state } = open()
  state.refuses = true
  note('p', 'a')
  note('p', 'b')
  note('q', 'c')
  await log.flush()
  t.same(state.warnings, [{ lost: 3, lostInAll: 3 }])
  note('p', 'd')
  await log.flush()
  state.refuses = false
  note('p', 'e')
  note('p', 'f')
  await log.flush()
  note('p', 'g')
  note('q', 'h')
  await log.flush()
  t.same(
    reads().map((one) => one.reads),
    [
      [
        ['e', 3],
        ['f', undefined],
      ],
      [['g', undefined]],
      [['h', 1]],
    ],
  )
})

t.test('memory is bounded: what does not fit is lost and counted', async (t) => {
  const { log, note, reads, state } = open()
  for (let n = 0; n < 8_192 + 10; n += 1) note('p', `f${n}`)
  t.equal(state.full, 1, 'it was told in time')
  await log.flush()
  const all = reads()
  t.ok(all.every((one) => one.reads.length <= 256))
  t.equal(all.flatMap((one) => one.reads).length, 8_192)
  t.same(all[0]?.reads[0], ['f0', 10])
})
