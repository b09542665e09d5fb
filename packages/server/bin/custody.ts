#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Before anything makes use of libuv's pool: the fsyncs of large files must not queue other work.
process.env.UV_THREADPOOL_SIZE ??= '16'
// Compiled modules are kept beside the packages: the next start, and each thread, begins in half the time.
const kept = new URL('../../../node_modules/.cache/compiled', import.meta.url)
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(kept)
enableCompileCache(process.env.NODE_COMPILE_CACHE)

const { main } = await import('../src/main.ts')
process.exitCode = await main(process.argv.slice(2), process.env)
