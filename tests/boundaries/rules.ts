/**
 * What a package may import of ours. A row says one of:
 * `name` (the package), `name/entry` (this entry of its `exports` only), `type name` (by
 * `import type` only), `*` (every package and plugin, except `testkit`).
 * A package is named by its folder; all plugins share the row `plugins`.
 */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  'plugin-api': [],
  transparency: [],
  domain: ['transparency'],
  'event-log': ['transparency', 'domain/errors'],
  'file-index': ['event-log', 'domain', 'transparency'],
  'blob-store': ['domain/errors'],
  service: [
    'file-index',
    'event-log',
    'transparency',
    'blob-store',
    'domain',
    'plugin-api',
  ],
  http: ['service', 'domain', 'type blob-store'],
  server: ['*'],
  testkit: ['*'],
  plugins: ['plugin-api'],
}

/** Modules that belong to few packages: nobody else may import them, not even their types. */
export const owners: Readonly<Record<string, readonly string[]>> = {
  kysely: ['event-log', 'file-index'],
  sqlite3: ['event-log'],
  'node:sqlite': ['event-log'],
  koa: ['http'],
  '@koa/router': ['http'],
  busboy: ['http'],
  // The global `process` is there for all; only its environment is not, and this module has it too.
  'node:process': ['server', 'testkit'],
}

/** Packages without I/O, and the modules of Node that they may import. */
export const pure: Readonly<Record<string, readonly string[]>> = {
  domain: ['node:crypto'],
  transparency: ['node:crypto'],
}

/** Packages that may read `process.env`. */
export const environmentReaders: readonly string[] = ['server', 'testkit']
