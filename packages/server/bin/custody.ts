#!/usr/bin/env node
// Before anything makes use of libuv's pool: the fsyncs of large files must not queue other work.
process.env.UV_THREADPOOL_SIZE ??= '16'
const { main } = await import('../src/main.ts')
process.exitCode = await main(process.argv.slice(2), process.env)
