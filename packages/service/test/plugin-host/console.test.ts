import t from 'tap'
import { logged, startHost, validateText } from './start-host.ts'

t.test('what plugins print is logged, with the name of the plugin', async (t) => {
  const { host, log } = await startHost(t)
  await validateText(host, 'log')
  await logged(log, ({ message }) => message === 'past the console')
  t.match(
    log.filter(({ fields }) => fields.plugin !== null),
    [
      { level: 'info', fields: { plugin: 'deeds' }, message: 'looked at it' },
      { level: 'warn', fields: { plugin: 'deeds' }, message: 'and worried' },
    ],
  )
})

t.test('a plugin that prints without end fills neither log nor memory', async (t) => {
  const { host, log } = await startHost(t)
  t.match(await validateText(host, 'flood'), { ok: true })
  t.ok(log.length > 0)
  t.ok(log.length < 10_000)
})
