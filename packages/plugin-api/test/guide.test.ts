import { readFileSync } from 'node:fs'
import t from 'tap'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const guide = read('../../../docs/plugins.md')

for (const name of ['csv-plugin.ts', 'csv-plugin.test.ts', 'card-guard.ts']) {
  t.test(`the guide shows ${name} as it is`, (t) => {
    const source = read(`examples/${name}`)
    t.ok(guide.includes(`\`\`\`ts\n${source}\`\`\`\n`), `docs/plugins.md, ${name}`)
    t.end()
  })
}

t.test('the complete example has fewer than 40 lines', (t) => {
  t.ok(read('examples/csv-plugin.ts').trimEnd().split('\n').length < 40)
  t.end()
})
