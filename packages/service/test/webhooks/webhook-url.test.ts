import t from 'tap'
import { parseWebhookAllow } from '../../src/webhooks/webhook-allow.ts'
import { checkWebhookUrl } from '../../src/webhooks/webhook-url.ts'

const check = (url: string, ...allow: readonly string[]) =>
  checkWebhookUrl(url, parseWebhookAllow(allow)).href

t.test('a URL on the Internet is taken as it is asked for', async (t) => {
  const cases = {
    'https://example.com': 'https://example.com/',
    'https://EXAMPLE.com:443/a?b=c#d': 'https://example.com/a?b=c',
    'https://example.com:8443/': 'https://example.com:8443/',
    'https://8.8.8.8/': 'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/': 'https://[2606:4700:4700::1111]/',
    'https://münchen.example/': 'https://xn--mnchen-3ya.example/',
  }
  for (const [given, asked] of Object.entries(cases)) t.equal(check(given), asked)
})

const refused = [
  'nonsense',
  'http://example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'https://user@example.com/',
  'https://:password@example.com/',
  'https://localhost/',
  'https://LOCALHOST./',
  'https://a.localhost/',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://１２７.0.0.1/',
  'https://0/',
  'https://[::1]/',
  'https://[::]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[64:ff9b::10.0.0.1]/',
  'https://10.0.0.1/',
  'https://169.254.169.254/latest/meta-data',
  'https://100.64.0.1/',
  'https://example.com:22/',
  'https://example.com:25/',
  'https://example.com:0/',
]
for (const url of refused) {
  t.test(`${url} is refused`, async (t) => {
    t.throws(() => check(url), { code: 'webhook_url_not_allowed', param: 'url' })
  })
}

t.test('what an operator names is let through, and nothing beside it', async (t) => {
  const cases: readonly [string, string[], string[]][] = [
    [
      'http://localhost:9000',
      ['http://localhost:9000/a'],
      [
        'http://localhost:9001/',
        'http://localhost/',
        'https://localhost:9000/',
        'http://a.localhost:9000/',
      ],
    ],
    [
      'http://localhost',
      ['http://localhost/', 'http://localhost:80/'],
      ['http://localhost:81/'],
    ],
    [
      'hooks.internal',
      [
        'http://hooks.internal/',
        'https://hooks.internal:1234/',
        'https://hooks.internal./',
      ],
      ['http://xhooks.internal/', 'http://hooks.internal.example/'],
    ],
    [
      'localhost:9000',
      ['http://localhost:9000/', 'https://localhost:9000/'],
      ['https://localhost/'],
    ],
    [
      'localhost:443',
      ['https://localhost/', 'http://localhost:443/'],
      ['http://localhost/'],
    ],
    [
      '10.0.0.0/8',
      ['https://10.1.2.3/', 'http://10.1.2.3:8080/', 'https://[::ffff:10.1.2.3]/'],
      [
        'https://11.1.2.3:22/',
        'http://11.0.0.1/',
        'https://127.0.0.1/',
        'https://localhost/',
      ],
    ],
    ['127.0.0.1', ['http://127.0.0.1:9000/', 'http://127.1/'], ['http://127.0.0.2/']],
    ['fd00::/8', ['https://[fd00::1]/'], ['https://[fe80::1]/']],
    ['::1', ['http://[::1]:9000/'], ['http://[::2]/']],
    ['https://[::1]:9000', ['https://[::1]:9000/'], ['https://[::1]:9001/']],
  ]
  for (const [entry, taken, others] of cases) {
    for (const url of taken) t.doesNotThrow(() => check(url, entry), `${entry}: ${url}`)
    for (const url of others) {
      t.throws(
        () => check(url, entry),
        { code: 'webhook_url_not_allowed' },
        `${entry}: ${url}`,
      )
    }
  }
  t.throws(() => check('http://user:pw@localhost:9000/', 'http://localhost:9000'))
})

t.test('a wrong entry is named', async (t) => {
  for (const entry of [
    '',
    '*',
    '*.example.com',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'fd00::/129',
    'ftp://example.com',
    'http://',
    'http://example.com/path',
    'http://user@example.com',
    'http://example.com?a',
    'a b',
  ]) {
    t.throws(() => parseWebhookAllow([entry]), {
      code: 'invalid_configuration',
      message: /CUSTODY_WEBHOOK_ALLOW has/,
    })
  }
})
