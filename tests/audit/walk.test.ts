import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { custodyBin, environment, temporaryFolder } from '@custody/testkit'
import t from 'tap'

const page = new URL('../../docs/audit.md', import.meta.url)
const SECTION = '## A case, step by step\n'

/** What is pasted into a terminal, and what the page says that it prints. */
type Step = { readonly commands: string; readonly output: string }

function readSteps(): Step[] {
  const text = readFileSync(page, 'utf8').split(SECTION)[1]?.split('\n## ')[0] ?? ''
  const blocks = [...text.matchAll(/^```(sh|text)\n(.*?)^```$/gms)]
  return blocks.flatMap(([, kind, commands = ''], index) => {
    if (kind !== 'sh') return []
    const [, next, output = ''] = blocks[index + 1] ?? []
    return [{ commands, output: next === 'text' ? output : '' }]
  })
}

/** What the page leaves open is written as `…`. */
function toPattern(output: string): RegExp {
  const parts = output
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^\\n]+')}$`)
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}

const missing = ['bash', 'curl'].filter(
  (program) => spawnSync(program, ['--version']).status !== 0,
)

t.test(
  'the case on the page about audits happens as it says',
  { skip: missing.length > 0 && `${missing.join(' and ')} is not installed` },
  async (t) => {
    const folder = temporaryFolder(t)
    const bin = join(folder, 'bin')
    const work = join(folder, 'work')
    for (const path of [bin, work]) mkdirSync(path)
    writeFileSync(
      join(bin, 'custody'),
      `#!/bin/sh\nexec env -u NODE_OPTIONS node '${custodyBin}' "$@"\n`,
    )
    chmodSync(join(bin, 'custody'), 0o755)
    const steps = readSteps()
    t.ok(steps.length >= 9)
    const END = 'the end of a step'
    const script = steps.map(({ commands }) => `${commands}\necho '${END}'\n`).join('')
    const { stdout, status } = spawnSync(
      'bash',
      ['-c', `exec 2>&1\ntrap 'kill $! 2> /dev/null' EXIT\n${script}`],
      {
        cwd: work,
        encoding: 'utf8',
        timeout: 100_000,
        env: environment({
          PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
          CUSTODY_PORT: String(await freePort()),
        }),
      },
    )
    const outputs = stdout.split(`${END}\n`)
    t.equal(status, 0)
    t.equal(outputs.pop(), '')
    t.equal(outputs.length, steps.length)
    for (const [index, { commands, output }] of steps.entries()) {
      t.match(outputs[index], toPattern(output), commands)
    }
  },
)
