import { randomBytes } from 'node:crypto'
import t from 'tap'
import { copyInto } from '../../src/threads/copy-into.ts'

t.test('bytes are copied to where they are to be, and nowhere else', async (t) => {
  for (const memory of [Buffer.alloc(100, 1), Buffer.from(new SharedArrayBuffer(100))]) {
    for (const [at, length] of [
      [0, 100],
      [10, 37],
      [99, 1],
      [40, 0],
      [100, 0],
    ] as const) {
      memory.fill(1)
      const bytes = randomBytes(length)
      copyInto(memory, new Uint8Array(bytes), at)
      const after = Buffer.alloc(100 - at - length, 1)
      t.ok(memory.equals(Buffer.concat([Buffer.alloc(at, 1), bytes, after])))
    }
  }
})
