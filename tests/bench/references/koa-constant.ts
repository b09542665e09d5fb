/**
 * R4: Koa with @koa/router. One route, `GET /v1/files/:id`, answers a constant as JSON. It looks nothing up,
 * knows no keys and writes no log.
 *
 * BENCH_JSON: what it answers.
 */
import { createServer } from 'node:http'
import Router from '@koa/router'
import { Koa } from './koa-and-busboy.ts'
import { listen } from './listen.ts'

const answer: unknown = JSON.parse(process.env.BENCH_JSON ?? '{}')
const router = new Router()
router.get('/v1/files/:id', (context) => {
  context.body = answer
})
const app = new Koa()
app.use(router.routes())
listen(createServer(app.callback()))
