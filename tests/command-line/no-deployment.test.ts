import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { custodyHere } from '@custody/testkit'
import t from 'tap'

const commands: readonly (readonly string[])[] = [
  ['projects', 'list'],
  ['keys', 'list'],
  ['keys', 'update', 'key_1', '--uploads-per-minute', '1'],
  ['keys', 'revoke', 'key_1'],
  ['keys', 'rotate-master'],
  ['consumers', 'list'],
  ['sweep'],
  ['usage'],
  ['erase', `file-${'0'.repeat(32)}`],
  ['erase', '--actor', 'key_1'],
  ['index', 'rebuild'],
  ['scrub'],
  ['doctor', '--accept-clock'],
]

for (const typed of commands) {
  t.test(
    `where there is no deployment, none is begun by: ${typed.join(' ')}`,
    async (t) => {
      const folder = t.testdir({ empty: {} })
      for (const dataDir of [join(folder, 'none'), join(folder, 'empty')]) {
        const { code, stdout, stderr } = await custodyHere(typed, { dataDir })
        t.not(code, 0)
        t.match(stderr, /There is no database at/)
        t.equal(stdout, '')
      }
      t.notOk(existsSync(join(folder, 'none')))
      t.same(readdirSync(join(folder, 'empty')), [])
    },
  )
}

t.test('a project and a key can be made before the server runs', async (t) => {
  const dataDir = t.testdir({})
  const project = await custodyHere(['projects', 'create', 'Team A'], { dataDir })
  t.equal(project.code, 0, project.stderr)
  const key = await custodyHere(
    ['keys', 'create', 'uploader', '--project', project.stdout.trim()],
    { dataDir },
  )
  t.equal(key.code, 0, key.stderr)
  t.match(key.stdout, /^sk-custody-\S+\n$/)
})
