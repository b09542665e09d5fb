import t from 'tap'
import { startHost, validateText } from './start-host.ts'

const example = (name: string) =>
  new URL(`../../../plugin-api/test/examples/${name}`, import.meta.url).href

t.test(
  "the guide's examples run as they are, with the defaults of their options",
  async (t) => {
    const { host } = await startHost(t, {
      plugins: [
        { module: example('csv-plugin.ts') },
        { module: example('card-guard.ts'), options: { url: 'http://127.0.0.1/' } },
      ],
    })
    const request = { purpose: 'csv', filename: 'a.csv' }
    t.match(await validateText(host, 'a,b\n1,2\n', request), {
      ok: true,
      validatedBy: [{ plugin: 'csv-plugin' }, { plugin: 'card-guard' }],
      facts: { 'csv-plugin': { columns: 2, rows: 1 } },
    })
    t.match(await validateText(host, 'a\n4111-1111-1111-1111\n', request), {
      ok: false,
      plugin: 'card-guard',
      issues: [{ code: 'card_number', line: 2, column: 1 }],
    })
  },
)
