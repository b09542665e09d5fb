import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { asker } from '../../../../testkit/src/event-log/asker.ts'
import { logProblems } from '../../../../testkit/src/event-log/log-problems.ts'
import { readIndex } from '../../../../testkit/src/event-log/read-log.ts'
import { sqliteLogStore } from '../../fixtures/sqlite-log-store.ts'

const script = fileURLToPath(
  new URL('../../fixtures/append-until-killed.ts', import.meta.url),
)

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: what was acknowledged outlives a kill in mid-append`, async (t) => {
    const store = sqliteLogStore(t, driver)
    const child = spawn(process.execPath, [script, store.path, driver], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const acknowledged: string[] = []
    for await (const line of createInterface(child.stdout)) {
      acknowledged.push(line)
      if (acknowledged.length === 400) child.kill('SIGKILL')
    }
    await exited
    const log = await store.open()
    const { accounts } = await readIndex(log.reader)
    const there = new Set(accounts.map(({ id }) => id))
    t.ok(acknowledged.length >= 400)
    t.same(
      acknowledged.filter((account) => !there.has(account)),
      [],
    )
    t.same(await logProblems(log.reader), [])
    t.equal((await store.replay()).difference, undefined)
    const { position } = await log.reader.head()
    t.match(await asker(log)({ type: 'Note', texts: ['on'] }), {
      events: [{ position: position + 1 }],
    })
  })
}
