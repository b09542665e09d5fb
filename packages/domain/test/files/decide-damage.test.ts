import t from 'tap'
import {
  decideDelete,
  decideMarkDamaged,
  decideMarkRepaired,
  evolveFile,
  type FileState,
  type PlacedEvent,
} from '../../src/index.ts'
import { liveFile, NOW } from './file-states.ts'

const file: FileState = {
  ...liveFile,
  extents: [
    { id: 'e1', bytes: 60, sha256: 'b'.repeat(64) },
    { id: 'e2', bytes: 40, sha256: 'c'.repeat(64) },
  ],
}
const ended: FileState = {
  ...file,
  ended: { position: 9, seq: 5, at: NOW, reason: 'deleted' },
}
const found = {
  type: 'MarkDamaged',
  file: 'f1',
  extent: 'e2',
  segment: 3,
  foundBy: 'read',
} as const
const mended = { type: 'MarkRepaired', file: 'f1', extent: 'e2' } as const

const place = {
  stream: 'f1',
  project: 'north',
  seq: 4,
  position: 8,
  time: NOW,
  actor: 'system:scrub',
  private: {},
}
const damage: PlacedEvent<'FileDamaged'> = {
  ...place,
  type: 'FileDamaged',
  version: 2,
  data: { extent: 'e2', segment: 3, found_by: 'read' },
}
const damaged = evolveFile(file, damage)

t.test('damage is said once for each extent', async (t) => {
  t.strictSame(decideMarkDamaged(file, found), {
    events: [
      {
        type: 'FileDamaged',
        stream: 'f1',
        after: 1,
        data: { extent: 'e2', segment: 3, found_by: 'read' },
      },
    ],
  })
  t.strictSame(damaged.damaged, ['e2'])
  t.equal(damaged.version, 2)
  t.strictSame(decideMarkDamaged(damaged, found), { events: [] })
  const other = decideMarkDamaged(damaged, { ...found, extent: 'e1', segment: null })
  t.match(other, { events: [{ after: 2, data: { extent: 'e1', segment: null } }] })
})

t.test(
  'of a file that has ended, or an extent of another, nothing is said',
  async (t) => {
    for (const state of [null, ended]) {
      t.strictSame(decideMarkDamaged(state, found), { events: [] })
      t.strictSame(decideMarkRepaired(state, mended), { events: [] })
    }
    t.strictSame(decideMarkDamaged(file, { ...found, extent: 'e9' }), { events: [] })
  },
)

t.test('what is whole again is said of what was damaged only', async (t) => {
  t.strictSame(decideMarkRepaired(file, mended), { events: [] })
  t.strictSame(decideMarkRepaired(damaged, mended), {
    events: [{ type: 'FileRepaired', stream: 'f1', after: 2, data: { extent: 'e2' } }],
  })
  const whole = evolveFile(damaged, {
    ...place,
    type: 'FileRepaired',
    version: 3,
    data: { extent: 'e2' },
  })
  t.strictSame(whole, { ...file, version: 3 })
})

t.test('a damaged file can be deleted', async (t) => {
  const command = { type: 'DeleteFile', file: 'f1', idAsSent: 'f1' } as const
  const decision = decideDelete(damaged, { ...command, project: 'north' }, NOW)
  t.match(decision, { events: [{ type: 'FileDeleted', after: 2 }] })
})
