import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { startServer } from '@custody/testkit'
import t from 'tap'
import { desk } from './support/start-command.ts'

const server = await startServer(t)
const { api, apiKey, address } = server
const here = desk(t, { CUSTODY_URL: address, CUSTODY_API_KEY: apiKey })

t.test('files come back as they were put, whatever their names', async (t) => {
  const names = ['a.txt', '数据 ünï.txt', 'a "quoted".txt', '[x].txt', 'é.txt', '-x.txt']
  for (const name of names) here.write(`names/${name}`, `content of ${name}`)
  here.write('names/packed.txt.gz', gzipSync('packed'))
  const { code, lines, stderr } = await here.files('put', 'names', '-r', '--json')
  t.equal(code, 0, stderr)
  const found = new Map(lines().map((file) => [file.filename, file]))
  t.equal(found.size, 7)
  for (const name of names) {
    const file = found.get(name.normalize('NFC'))
    t.equal(file?.path, join('names', name), name)
    t.equal((await api.content(String(file?.id))).text, `content of ${name}`)
  }
  const packed = await api.content(String(found.get('packed.txt.gz')?.id))
  t.ok(packed.bytes.equals(gzipSync('packed')), 'nothing is unpacked on the way')
})

t.test('a name that the server does not keep is told, and no other', async (t) => {
  here.write('names/new\\plan.txt', 'content')
  const args = ['put', 'names/new\\plan.txt', 'names/é.txt', '--part-size']
  for (const size of ['16MiB', '5']) {
    const { code, lines, stderr } = await here.files(...args, size, '--json')
    t.equal(code, 0, stderr)
    t.equal(stderr, "custody: 'names/new\\plan.txt' is 'plan.txt' there\n")
    t.strictSame(
      lines()
        .map(({ filename }) => filename)
        .sort(),
      ['plan.txt', 'é.txt'],
    )
  }
})

t.test('one that is not whole goes in parts, several at once', async (t) => {
  const content = Buffer.from(Array.from({ length: 300_001 }, (_, n) => n % 251))
  here.write('large.txt', content)
  const { code, stdout, stderr } = await here.files(
    'put',
    'large.txt',
    '--part-size',
    '32KiB',
  )
  t.equal(code, 0, stderr)
  const [id = ''] = stdout.split('  ')
  t.equal(stdout, `${id}  large.txt\n`)
  t.ok((await api.content(id)).bytes.equals(content))
})

t.test('what is said of a file arrives with it, in a form and in parts', async (t) => {
  here.write('said.jsonl', '{"a":1}\n'.repeat(100))
  for (const size of ['16MiB', '100']) {
    const flags = ['--expires-after', '2h', '--metadata', 'a=b', '--metadata', 'c=d=e']
    const about = [...flags, '--name', 'other.jsonl', '--purpose', 'user_data']
    const put = await here.files(
      'put',
      'said.jsonl',
      ...about,
      '--part-size',
      size,
      '--json',
    )
    t.equal(put.code, 0, put.stderr)
    const [file] = put.lines()
    t.match(file, { filename: 'other.jsonl', metadata: { a: 'b', c: 'd=e' } })
    t.equal(Number(file?.expires_at) - Number(file?.created_at), 7200)
  }
})

t.test('patterns are expanded where the shell has not', async (t) => {
  for (const name of ['p/1.jsonl', 'p/2.jsonl', 'p/3.txt', 'p/below/4.jsonl']) {
    here.write(name, name)
  }
  mkdirSync(join(here.folder, 'p/folder.jsonl'))
  symlinkSync(join(here.folder, 'p'), join(here.folder, 'p/below/loop'))
  const pathsOf = async (...args: string[]) => {
    const { code, lines, stderr } = await here.files('put', ...args, '--json')
    t.equal(code, 0, stderr)
    return lines()
      .map(({ path }) => String(path))
      .sort()
  }
  t.strictSame(await pathsOf('p/*.jsonl'), ['p/1.jsonl', 'p/2.jsonl'])
  t.strictSame(
    await pathsOf('p/{1,3}.*', 'p/1.jsonl'),
    ['p/1.jsonl', 'p/3.txt'],
    'once each',
  )
  const all = ['p/1.jsonl', 'p/2.jsonl', 'p/3.txt', 'p/below/4.jsonl']
  t.strictSame(await pathsOf('p', '--recursive'), all, 'no link to a folder is followed')
})

t.test('what names no file is said before anything is put', async (t) => {
  here.write('there.txt', 'a')
  const before = (await api.list()).data.length
  const { code, stdout, stderr } = await here.files('put', 'there.txt', '*.nothing')
  t.strictSame([code, stdout], [1, ''])
  t.equal(stderr, "custody: No file matches '*.nothing'.\n")
  t.equal((await api.list()).data.length, before)
})

t.test('a file that is refused is told, and the others are put', async (t) => {
  here.write('some/empty.txt', '')
  here.write('some/full.txt', 'full')
  const { code, lines, stderr } = await here.files('put', 'some/*', '--json')
  t.equal(code, 1)
  const byPath = new Map(lines().map((line) => [line.path, line]))
  t.match(byPath.get('some/empty.txt'), {
    error: { code: 'empty_file', status: 400, param: 'file' },
  })
  t.match(byPath.get('some/full.txt'), { filename: 'full.txt', bytes: 4 })
  t.match(stderr, /'some\/empty\.txt' is not put: .*\(400 empty_file from http/)
  t.match(stderr, /1 of 2 files are not put/)
})

t.test(
  'a content that is refused in parts is not sent again, and leaves nothing',
  async (t) => {
    here.write('bad.jsonl', 'not json\n'.repeat(20))
    const args = ['put', 'bad.jsonl', '--purpose', 'batch', '--part-size', '64', '--json']
    for (const attempt of [1, 2]) {
      const { code, lines } = await here.files(...args)
      t.equal(code, 1, `${attempt}`)
      t.match(lines()[0]?.error, { code: 'invalid_json_line', status: 400 })
      t.equal(Object(lines()[0]?.error).issues.length, 20)
    }
  },
)

t.test('a wrong key ends it, and the message says which it was', async (t) => {
  for (const name of ['1', '2', '3', '4', '5', '6']) here.write(`many/${name}`, name)
  const wrong = ['--key', 'sk-custody-wrong', '--parallel', '1']
  const { code, stdout, stderr } = await here.files('put', 'many', '-r', ...wrong)
  t.strictSame([code, stdout], [1, ''])
  t.match(stderr, /The key that was sent is that of --key\. \(401 invalid_api_key from/)
  t.equal(stderr.match(/is not put/g)?.length, 1, 'once')
  t.match(stderr, /6 of 6 files are not put/)
  t.notMatch(stderr, 'sk-custody-wrong')
})

t.test('without a server that is named, it is the one of the data folder', async (t) => {
  const made = await startServer(t, { env: { CUSTODY_API_KEY: undefined } })
  const settings = { CUSTODY_DATA_DIR: made.dataDir, OPENAI_API_KEY: 'sk-another' }
  const beside = desk(t, settings)
  beside.write('a.txt', 'a')
  const put = await beside.files('put', 'a.txt', '--json')
  t.equal(put.code, 0, put.stderr)
  t.match(await made.api.list(), { data: [{ id: put.lines()[0]?.id }] })
  const elsewhere = desk(t, { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })
  elsewhere.write('a.txt', 'a')
  const named = await elsewhere.files('put', 'a.txt', '--data-dir', made.dataDir)
  t.equal(named.code, 0, named.stderr)

  await made.stop()
  const gone = await beside.files('put', 'a.txt')
  t.equal(gone.code, 1)
  t.match(
    gone.stderr,
    /^custody: No server serves '.*': start one there, or name one with/,
  )
})

t.test('wrong usage is exit code 2', async (t) => {
  here.write('one.txt', '1')
  here.write('two.txt', '2')
  const wrong = [
    ['put', 'one.txt', 'two.txt', '--name', 'x'],
    ['put', 'one.txt', '--parallel', '0'],
  ]
  for (const args of wrong) {
    const { code, stderr } = await here.files(...args)
    t.equal(code, 2, args.join(' '))
    t.match(stderr, /error: /)
  }
})

t.test('an address that is none is told', async (t) => {
  here.write('one.txt', '1')
  const { code, stderr } = await here.files('put', 'one.txt', '--url', 'nonsense')
  t.equal(code, 1)
  t.match(stderr, /^custody: --url is 'nonsense'; it must be an address/)
})
