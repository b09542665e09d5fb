import type { IncomingHttpHeaders, IncomingMessage, RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { Readable, Writable } from 'node:stream'

/**
 * Koa and busboy bring no types of their own, and the packages that hold them belong to `@custody/http`.
 * This is the little of both that the references use.
 */
const require = createRequire(import.meta.url)

export type KoaContext = { readonly req: IncomingMessage; body: unknown }

export const Koa: new () => {
  use(middleware: (context: never, next: never) => unknown): void
  callback(): RequestListener
} = require('koa')

export type Form = Writable & {
  on(event: 'field', listener: (name: string, value: string) => void): unknown
  on(
    event: 'file',
    listener: (name: string, file: Readable, info: { filename: string }) => void,
  ): unknown
}

export const busboy: (options: { headers: IncomingHttpHeaders }) => Form =
  require('busboy')
