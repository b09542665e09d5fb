import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { validate } from '../../src/commands/validate.ts'

const good =
  '{"custom_id":"1","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x"}}'

const cwd = t.testdir({
  'good.jsonl': `${good}\n`,
  'bad.jsonl': `${good}\n{}\nnonsense\n`,
  'empty.jsonl': '',
  'name.exe': 'x',
  folder: {},
})

async function run(file: string, purpose: string, json = false) {
  const lines: string[] = []
  const context = {
    ...{ env: {}, cwd, isTerminal: false, output: new PassThrough() },
    columns: () => 80,
    print: (line: string) => void lines.push(line),
    complain: (line: string) => void lines.push(line),
    ask: async () => '',
  }
  return { code: await validate(context, file, { purpose, json }), lines }
}

t.test('what would be taken is exit code 0, and the facts are told', async (t) => {
  const { code, lines } = await run('good.jsonl', 'batch')
  t.equal(code, 0)
  t.match(lines[0], /^good\.jsonl is accepted for batch by @custody\/plugin-batch-jsonl /)
  t.match(lines[1], /"requests":1/)
})

t.test('what would be refused is exit code 1, and every line is named', async (t) => {
  const { code, lines } = await run('bad.jsonl', 'batch')
  t.equal(code, 1)
  t.match(lines[0], /^bad\.jsonl is refused for batch by .*: 5 issues$/)
  t.match(lines.at(-1), /line 3: .*\[invalid_json_line\]$/)
})

t.test('an empty file, and an extension that is not taken, are refused', async (t) => {
  t.match(await run('empty.jsonl', 'batch'), { code: 1, lines: [/empty/, /empty_file/] })
  t.equal((await run('name.exe', 'batch')).code, 1)
})

t.test('the report comes as one JSON object too', async (t) => {
  const { code, lines } = await run('bad.jsonl', 'batch', true)
  t.equal(code, 1)
  t.equal(lines.length, 1)
  const report = JSON.parse(lines[0] ?? '')
  t.match(report, { file: 'bad.jsonl', purpose: 'batch', ok: false })
  t.equal(report.issueCounts.invalid_json_line, 1)
})

t.test('what cannot be looked at is told as what it is', async (t) => {
  await t.rejects(run('nothing', 'batch'), { message: "There is no file 'nothing'." })
  await t.rejects(run('folder', 'batch'), { message: /^'folder' is a folder; / })
  await t.rejects(run('/dev/null', 'batch'), { message: /^'\/dev\/null' is a pipe or / })
  await t.rejects(run(join(cwd, 'good.jsonl'), 'nope'), { message: /is not one of \[/ })
})
