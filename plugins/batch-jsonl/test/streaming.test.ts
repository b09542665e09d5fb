import { createPluginFile } from '@custody/plugin-api/reader'
import t from 'tap'
import plugin from '../src/index.ts'
import { jsonl, request } from './request-line.ts'

t.test(
  'a file is checked while it still arrives, and its size is not known',
  async (t) => {
    const content = Buffer.from(jsonl(Array.from({ length: 5000 }, (_, n) => request(n))))
    const { signal } = new AbortController()
    const source = {
      size: Number.NaN,
      read: async (start: number, end: number) => content.subarray(start, end),
    }
    const purpose = plugin.purposes?.batch
    t.equal(purpose?.streaming, true)
    const file = createPluginFile(source, { name: 'a.jsonl', purpose: 'batch', signal })
    const verdict = await purpose?.validate?.(file, { options: {}, signal })
    t.match(verdict, { ok: true, facts: { requests: 5000 } })
  },
)
