import t from 'tap'
import { file, type Part, purpose, upload } from '../support/forms.ts'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { startServer } from '../support/start-server.ts'

const anchor = (content: string): Part => ({ name: 'expires_after[anchor]', content })
const seconds = (content: string): Part => ({ name: 'expires_after[seconds]', content })
const whole = (content: string): Part => ({ name: 'expires_after', content })

const accepted: Readonly<Record<string, [readonly Part[], number]>> = {
  'the two bracket fields': [[anchor('created_at'), seconds('3600')], 3600],
  'the upper bound': [[seconds('2592000'), anchor('created_at')], 2_592_000],
  'a JSON object': [[whole('{"anchor":"created_at","seconds":86400}')], 86_400],
  'a bare integer': [[whole('86400')], 86_400],
}

for (const [form, [parts, expected]] of Object.entries(accepted)) {
  t.test(`expires_after is understood as ${form}`, async (t) => {
    const { fetch } = await startServer(t)
    const response = await fetch('/v1/files', upload([purpose, ...parts, file]))
    const { created_at, expires_at } = await readJson(response)
    t.equal(expires_at - created_at, expected)
  })
}

const brackets = 'expires_after[seconds]'
const refused: Readonly<Record<string, [readonly Part[], string, string]>> = {
  'under an hour': [
    [anchor('created_at'), seconds('3599')],
    'integer_below_min_value',
    brackets,
  ],
  'over 30 days': [
    [anchor('created_at'), seconds('2592001')],
    'integer_above_max_value',
    brackets,
  ],
  negative: [[anchor('created_at'), seconds('-1')], 'integer_below_min_value', brackets],
  'a fraction': [[anchor('created_at'), seconds('3600.5')], 'invalid_type', brackets],
  'a word': [[anchor('created_at'), seconds('soon')], 'invalid_type', brackets],
  empty: [[anchor('created_at'), seconds('')], 'invalid_type', brackets],
  'huge beyond numbers': [
    [anchor('created_at'), seconds('9'.repeat(400))],
    'integer_above_max_value',
    brackets,
  ],
  'with another anchor': [
    [anchor('last_active_at'), seconds('3600')],
    'invalid_value',
    'expires_after[anchor]',
  ],
  'without an anchor': [
    [seconds('3600')],
    'missing_required_parameter',
    'expires_after[anchor]',
  ],
  'without seconds': [[anchor('created_at')], 'missing_required_parameter', brackets],
  'twice in brackets': [
    [anchor('created_at'), seconds('3600'), seconds('3600')],
    'duplicate_parameter',
    brackets,
  ],
  'in two forms': [
    [whole('86400'), anchor('created_at'), seconds('3600')],
    'duplicate_parameter',
    'expires_after',
  ],
  'JSON with a further key': [
    [whole('{"anchor":"created_at","seconds":3600,"hard":true}')],
    'unknown_parameter',
    'expires_after',
  ],
  'JSON with __proto__': [
    [whole('{"anchor":"created_at","seconds":3600,"__proto__":{}}')],
    'unknown_parameter',
    'expires_after',
  ],
  'JSON with seconds twice': [
    [whole('{"anchor":"created_at","seconds":3600,"seconds":7200}')],
    'duplicate_parameter',
    'expires_after',
  ],
  'JSON with seconds in a text': [
    [whole('{"anchor":"created_at","seconds":"3600"}')],
    'invalid_type',
    'expires_after.seconds',
  ],
  'broken JSON': [[whole('{"anchor":')], 'invalid_type', 'expires_after'],
  'a JSON array': [[whole('[3600]')], 'invalid_type', 'expires_after'],
}

for (const [what, [parts, code, param]] of Object.entries(refused)) {
  t.test(`expires_after ${what} is refused, never ignored`, async (t) => {
    const { fetch, leftovers } = await startServer(t)
    const response = await fetch('/v1/files', upload([purpose, ...parts, file]))
    t.match(await readError(response), { status: 400, code, param })
    t.same(await leftovers(), [])
  })
}
