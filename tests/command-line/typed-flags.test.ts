import { startServer } from '@custody/testkit'
import t from 'tap'
import { desk } from './support/start-command.ts'

const server = await startServer(t)
const here = desk(t, { CUSTODY_URL: server.address, CUSTODY_API_KEY: server.apiKey })

const refused: readonly [typed: readonly string[], told: RegExp][] = [
  [['projects', 'create', ' '], /Missing required parameter: '<name>'/],
  [['projects', 'create', 'a', '--dialect', 'latin'], /: --dialect: .*'latin'.*'gravix'/],
  [
    ['keys', 'create', 'a', '--uploads-per-minute', 'many'],
    /'--uploads-per-minute': expected an integer, but got the string 'many'/,
  ],
  [['keys', 'create', 'a', '--expires-in', '0'], /'--expires-in': .* >= 1, but got 0/],
  [['keys', 'create', 'a', '--scopes', 'all'], /: --scopes: .*'all'.*'api.files.read'/],
  [['consumers', 'skip', 'webhook:none', ' '], /parameter: '<position>'/],
  [['scrub', '--from', 'here'], /'--from': .*'here'/],
]

for (const [typed, told] of refused) {
  t.test(`what was typed is named: custody ${typed.join(' ')}`, async (t) => {
    const { code, stderr } = await server.custody(...typed)
    t.not(code, 0)
    t.match(stderr, told)
    t.notMatch(stderr, /_per_|_in_|'cursor'/)
  })
}

t.test('so does a client command that a server refuses', async (t) => {
  here.write('a.txt', 'Hello')
  const files: readonly [typed: readonly string[], told: RegExp][] = [
    [['--purpose', 'fun'], /'fun' is not one of \[.*\] - '--purpose'/],
    [['--expires-after', '5'], /'--expires-after': .* >= 3600, but got 5/],
  ]
  for (const [typed, told] of files) {
    const { code, stderr } = await here.files('put', 'a.txt', ...typed)
    t.equal(code, 1)
    t.match(stderr, told)
  }
})
