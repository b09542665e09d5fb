import { dialectNames } from '@custody/http/dialects'

/** A setting: where it comes from and what it may be. */
export type Setting = {
  readonly env: string
  /** JSON Schema of its value. Integers are parsed from text, lists are split at commas. */
  readonly schema: Readonly<Record<string, unknown>> & { readonly type: string }
  readonly default?: unknown
  readonly about: string
}

/** Every setting, by its name in `custody.config.json`; the environment and the flags follow from it. */
export const settings = {
  host: {
    env: 'CUSTODY_HOST',
    schema: { type: 'string', minLength: 1 },
    default: '127.0.0.1',
    about: 'Address to listen on.',
  },
  port: {
    env: 'CUSTODY_PORT',
    schema: { type: 'integer', minimum: 0, maximum: 65535 },
    default: 8080,
    about: 'Port to listen on; 0 takes a free one.',
  },
  dataDir: {
    env: 'CUSTODY_DATA_DIR',
    schema: { type: 'string', minLength: 1 },
    default: './data',
    about: 'Folder of the database, blobs and staging.',
  },
  secretsDir: {
    env: 'CUSTODY_SECRETS_DIR',
    schema: { type: 'string', minLength: 1 },
    about:
      'Folder of the keys that were made at first start. Default: secrets/ in the data folder.',
  },
  adminKey: {
    env: 'CUSTODY_ADMIN_KEY',
    schema: { type: 'string' },
    about: 'Admin key: 20 to 256 visible ASCII characters. Default: made at first start.',
  },
  apiKey: {
    env: 'CUSTODY_API_KEY',
    schema: { type: 'string' },
    about: 'Key of the project "default", with every scope; likewise.',
  },
  dialect: {
    env: 'CUSTODY_DIALECT',
    schema: { type: 'string', enum: dialectNames },
    default: 'openai',
    about:
      'Dialect of the project "default" and of answers to requests without a valid key.',
  },
  sqliteDriver: {
    env: 'CUSTODY_SQLITE_DRIVER',
    schema: { type: 'string', enum: ['node', 'sqlite3'] },
    default: 'node',
    about: 'SQLite driver: the one built into Node, or the npm package sqlite3.',
  },
  seal: {
    env: 'CUSTODY_SEAL',
    schema: { type: 'string', enum: ['compress+encrypt', 'encrypt', 'off'] },
    default: 'compress+encrypt',
    about: 'How content is sealed at rest. It holds for what is uploaded from then on.',
  },
  masterKey: {
    env: 'CUSTODY_MASTER_KEY',
    schema: { type: 'string', minLength: 1 },
    about:
      'What the keys of sealed content are encrypted under: 32 bytes in base64, or a file with them. Default: made at first start.',
  },
  webhookAllow: {
    env: 'CUSTODY_WEBHOOK_ALLOW',
    schema: { type: 'array', items: { type: 'string', minLength: 1 } },
    default: [],
    about:
      'Hosts, origins and address ranges that webhooks may reach although they are private or speak plain HTTP.',
  },
  plugins: {
    env: 'CUSTODY_PLUGINS',
    schema: {
      type: 'array',
      items: {
        anyOf: [
          { type: 'string', minLength: 1 },
          {
            type: 'object',
            properties: {
              module: { type: 'string', minLength: 1 },
              options: { type: 'object' },
            },
            required: ['module'],
            additionalProperties: false,
          },
        ],
      },
    },
    default: [
      '@custody/plugin-general',
      '@custody/plugin-batch-jsonl',
      '@custody/plugin-fine-tune',
      '@custody/plugin-vision-image',
      '@custody/plugin-documents',
      '@custody/plugin-audio',
    ],
    about:
      'Plugins: module names (separated by commas in the environment), or {module, options}.',
  },
  accessEvents: {
    env: 'CUSTODY_ACCESS_EVENTS',
    schema: { type: 'string', enum: ['off', 'content', 'all'] },
    default: 'off',
    about:
      'Reads that become events: off (none), content (downloads), all (metadata of a file as well).',
  },
  scrubRate: {
    env: 'CUSTODY_SCRUB_RATE',
    schema: { type: 'integer', minimum: 0, maximum: 100_000 },
    default: 0,
    about:
      'MiB of stored content that a server reads again in a second, by itself, to find damage. 0: none.',
  },
  log: {
    env: 'CUSTODY_LOG',
    schema: { type: 'string', enum: ['pretty', 'json', 'off'] },
    about: 'How to log. Default: pretty on a terminal, JSON otherwise.',
  },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings

/** What the file named by `CUSTODY_CONFIG` is called where nothing is said. */
export const DEFAULT_CONFIG_FILE = 'custody.config.json'
