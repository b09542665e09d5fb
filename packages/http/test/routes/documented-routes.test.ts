import { readFileSync } from 'node:fs'
import type { Transparency, Webhooks } from '@custody/service'
import Router from '@koa/router'
import t from 'tap'
import { startServer } from '../support/start-server.ts'

type Route = { readonly method: string; readonly path: string }

const page = readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8')

/** `/v1/files/{id}/holds/{name}` and `/v1/files/:file/holds/:hold` are the same. */
const plain = (path: string) => path.replace(/\{\w+\}|:\w+/g, '{}')

/** Methods and paths in the page's prose and tables: `GET`, `HEAD /v1/files/{id}/content`, `POST …/archive`. */
function documented(): Route[] {
  const text = page.replace(/```.*?```/gs, '')
  const found: Route[] = []
  let methods: string[] = []
  for (const [, code = '', after = ''] of text.matchAll(/`([^`\n]+)`(,?)/g)) {
    const [, method, path] = /^(GET|HEAD|POST|DELETE)(?: (\S+))?$/.exec(code) ?? []
    if (method === undefined) continue
    methods.push(method)
    if (path === undefined) {
      if (after === '') methods = []
      continue
    }
    const [bare = ''] = path.replace(/\[.*?\]/g, '').split('?')
    // A path that ends in a slash is told of because there is none
    if (!bare.endsWith('/')) {
      found.push(...methods.map((one) => ({ method: one, path: plain(bare) })))
    }
    methods = []
  }
  return found
}

const isMeant = (told: Route, { method, path }: Route) =>
  told.method === method &&
  (told.path.startsWith('…') ? path.endsWith(told.path.slice(1)) : path === told.path)

t.test('the page on the API has every route, and no other', async (t) => {
  const none = async (): Promise<never> => {
    throw new Error('Nobody asks.')
  }
  const transparency: Transparency = {
    ...{ verifierKey: '', checkpoint: none, tile: none, consistency: none },
    ...{ proof: none, receipt: none },
  }
  const webhooks: Webhooks = {
    ...{ create: none, list: none, get: none, update: none, delete: none },
    ...{ rotateSecret: none, deliveries: none, replay: none },
  }
  const { app } = await startServer(t, {
    parts: ({ uploads, holds, history, auditLog, admin, ...service }) => ({
      ...{ uploads, holds, history, auditLog, admin, transparency, webhooks },
      masterKeys: service.masterKeys,
      erasures: service.erasures,
      integrity: service.integrity,
      exportLog: () => {
        throw new Error('Nobody asks.')
      },
    }),
  })
  const router = app.middleware
    .map((one) => ('router' in one ? one.router : undefined))
    .find((one) => one instanceof Router)
  if (!router) return t.fail('no router')

  const told = documented()
  const tiles = /^\/v1\/log\/tile\//
  const routes = router.stack.flatMap(({ methods, path }): Route[] =>
    path instanceof RegExp
      ? []
      : methods.map((method) => ({ method, path: plain(path) })),
  )
  t.ok(routes.length > 60)
  for (const route of routes) {
    // Every GET answers a HEAD
    if (route.method === 'HEAD') continue
    t.ok(
      told.some((one) => isMeant(one, route)),
      `the page has ${route.method} ${route.path}`,
    )
  }
  for (const one of told) {
    t.ok(
      tiles.test(one.path) || routes.some((route) => isMeant(one, route)),
      `there is ${one.method} ${one.path}`,
    )
  }
})
