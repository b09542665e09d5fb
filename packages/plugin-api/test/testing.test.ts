import { join } from 'node:path'
import {
  accept,
  definePlugin,
  type PluginFile,
  reject,
  type ValidateContext,
} from '@custody/plugin-api'
import { check, react, validate } from '@custody/plugin-api/testing'
import t from 'tap'

type Options = { readonly maxLines?: number }

async function countLines(file: PluginFile, { options }: ValidateContext<Options>) {
  let lines = 0
  for await (const line of file.lines()) lines = line.number
  if (lines > (options.maxLines ?? 10)) {
    return reject({ code: 'too_many_lines', message: `${lines} lines.` })
  }
  return accept({ lines, name: file.name, size: file.size, extension: file.extension })
}

const plugin = definePlugin<Options>({
  name: 'counter',
  version: '1.0.0',
  api: 1,
  purposes: { text: { direction: 'input', extensions: ['.txt'], validate: countLines } },
  checks: {
    '*': { validate: () => accept({ by: '*' }) },
    text: { validate: (file) => accept({ by: file.purpose }) },
  },
  on: {
    async FileUploaded(event, context) {
      const head = Buffer.from(await context.open().head(3)).toString()
      return head === 'abc' && event.file.bytes === 3 ? undefined : { retryAfter: 5 }
    },
    FileDeleted(_event, context) {
      context.open()
    },
  },
})

t.test('a text, bytes and a file on disk are validated in one line', async (t) => {
  t.same(await validate(plugin, 'a\nb\n'), {
    ok: true,
    facts: { lines: 2, name: 'file.txt', size: 4, extension: '.txt' },
    warnings: [],
  })
  t.match(await validate(plugin, Uint8Array.of(0x61)), { facts: { lines: 1, size: 1 } })
  const path = join(t.testdir({ 'Note.TXT': 'a\n\nb' }), 'Note.TXT')
  t.match(await validate(plugin, { path }), {
    facts: { lines: 3, name: 'Note.TXT', extension: '.txt' },
  })
})

t.test('options and file name are passed on', async (t) => {
  t.match(await validate(plugin, 'a\nb', { options: { maxLines: 1 } }), {
    ok: false,
    issueCounts: { too_many_lines: 1 },
  })
  t.match(await validate(plugin, 'a', { name: 'b.md' }), { facts: { extension: '.md' } })
})

t.test('what the reader throws is an issue, as in the service', async (t) => {
  t.same(await validate(plugin, Uint8Array.of(0x61, 0x0a, 0xff)), {
    ok: false,
    issues: [{ code: 'invalid_utf8', message: 'This line is not valid UTF-8.', line: 2 }],
    issueCounts: { invalid_utf8: 1 },
  })
})

t.test('a validator sees only files of the size that it wants to see', async (t) => {
  const validator = () => reject({ code: 'seen', message: 'Seen.' })
  const large = { direction: 'input', validateFrom: 3, validate: validator } as const
  const choosy = definePlugin({
    name: 'choosy',
    version: '1.0.0',
    api: 1,
    purposes: { large },
  })
  t.same(await validate(choosy, 'ab'), accept())
  t.match(await validate(choosy, 'abc'), { ok: false })
})

t.test('what the service would not take fails the test', async (t) => {
  const verbose = definePlugin({
    name: 'verbose',
    version: '1.0.0',
    api: 1,
    purposes: {
      text: { direction: 'input', validate: () => accept({ a: 'x'.repeat(9000) }) },
      broken: { direction: 'input', validate: () => JSON.parse('') },
      any: { direction: 'input' },
    },
  })
  await t.rejects(validate(verbose, '', { purpose: 'text' }), /8192/)
  await t.rejects(validate(verbose, '', { purpose: 'broken' }), SyntaxError)
  t.same(await validate(verbose, '', { purpose: 'any' }), accept())
  await t.rejects(validate(verbose, ''), /3 purposes: say which/)
  await t.rejects(validate(verbose, '', { purpose: 'toString' }), /no purpose 'toString'/)
})

t.test('a check is that of the purpose, else that of any', async (t) => {
  t.match(await check(plugin, '', { purpose: 'text' }), { facts: { by: 'text' } })
  t.match(await check(plugin, '', { purpose: 'other' }), { facts: { by: '*' } })
})

t.test(
  'a reaction is told of an event and reads the content while it is there',
  async (t) => {
    t.equal(await react(plugin, { type: 'FileUploaded' }, { content: 'abc' }), undefined)
    t.same(await react(plugin, { type: 'FileUploaded' }, { content: 'x' }), {
      retryAfter: 5,
    })
    await t.rejects(react(plugin, { type: 'FileDeleted' }), /has ended/)
    await t.rejects(
      react(plugin, { type: 'FileExpired' }),
      /no reaction to 'FileExpired'/,
    )
  },
)
