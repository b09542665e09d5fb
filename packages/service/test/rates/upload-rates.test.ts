import t from 'tap'
import type { Principal } from '../../src/auth/principal.ts'
import { createMemoryRateStore } from '../../src/rates/rate-store.ts'
import { createUploadRates } from '../../src/rates/upload-rates.ts'

function principal(
  keyId: string,
  rates: { readonly key?: number; readonly project?: number },
): Principal {
  return {
    keyId,
    actor: `key:${keyId}`,
    scopes: new Set(),
    ...(rates.key !== undefined && { uploadsPerMinute: rates.key }),
    project: {
      id: 'proj_1',
      dialect: 'openai',
      limits: rates.project === undefined ? {} : { uploads_per_minute: rates.project },
    },
  }
}

const headers = (limit: number, remaining: number) => ({
  'x-ratelimit-limit-requests': String(limit),
  'x-ratelimit-remaining-requests': String(remaining),
  'x-ratelimit-reset-requests': /^(\d{1,2}s|1m0s)$/,
})

t.test('without a rate nothing is counted', async (t) => {
  const rates = createUploadRates({
    hit: async () => t.fail('was asked') as never,
  })
  t.equal(rates.count(principal('key_1', {})), undefined)
})

t.test('the headers tell of the rate that has the least left', async (t) => {
  const rates = createUploadRates(createMemoryRateStore())
  const one = principal('key_1', { key: 3, project: 4 })
  const other = principal('key_2', { key: 3, project: 4 })
  t.match(await rates.count(one), headers(3, 2))
  t.match(await rates.count(other), headers(3, 2))
  t.match(await rates.count(other), headers(3, 1))
  t.match(await rates.count(other), headers(3, 0))
  await t.rejects(async () => rates.count(one), {
    code: 'rate_limit_exceeded',
    message: /this project/,
  })
})

t.test('a key that is over its rate takes nothing from the others', async (t) => {
  const rates = createUploadRates(createMemoryRateStore())
  const busy = principal('key_1', { key: 1, project: 3 })
  await rates.count(busy)
  for (let n = 0; n < 5; n += 1) {
    await t.rejects(async () => rates.count(busy), {
      code: 'rate_limit_exceeded',
      message: /^Rate limit reached: this key may begin 1 upload per minute\./,
      headers: { ...headers(1, 0), 'retry-after': /^\d{1,2}$/ },
    })
  }
  t.match(await rates.count(principal('key_2', { project: 3 })), headers(3, 1))
})

t.test(
  'a new window counts from the beginning; what is left of it is at most a minute',
  async (t) => {
    let count = 0
    let endsInMs = 59_999.5
    const rates = createUploadRates({
      hit: async () => {
        count += 1
        return { count, endsInMs }
      },
    })
    const one = principal('key_1', { key: 1 })
    t.match(await rates.count(one), { 'x-ratelimit-reset-requests': '1m0s' })
    await t.rejects(async () => rates.count(one), {
      code: 'rate_limit_exceeded',
      headers: { 'retry-after': '60' },
    })
    endsInMs = 0
    await t.rejects(async () => rates.count(one), {
      code: 'rate_limit_exceeded',
      headers: { 'retry-after': '1' },
    })
    endsInMs = 5001
    count = 0
    t.match(await rates.count(one), { 'x-ratelimit-reset-requests': '6s' })
  },
)
