import { Console } from 'node:console'
import { Writable } from 'node:stream'
import type { FromThread } from '../protocol.ts'
import { LineLimiter } from '../workers/line-limiter.ts'
import { currentPlugin } from './plugin-scope.ts'

const MAX_TEXT = 2000

/** Sends what plugins write to `console` to the host, with the plugin's name. */
export function captureConsole(post: (message: FromThread) => void): void {
  const limiter = new LineLimiter(() => performance.now())
  const sink = (level: 'info' | 'warn') =>
    new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        const admitted = limiter.admit(String(chunk).trimEnd().slice(0, MAX_TEXT))
        for (const text of admitted) {
          post({ kind: 'log', level, plugin: currentPlugin(), text })
        }
        done()
      },
    })
  globalThis.console = new Console({ stdout: sink('info'), stderr: sink('warn') })
}
