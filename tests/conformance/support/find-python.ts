import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { environment } from '@custody/testkit'

/** Where `.ci/run` puts a Python of its own. */
const own = fileURLToPath(new URL('../../../.cache/python/bin/python3', import.meta.url))

/** A Python that has the package `openai`: the one that `.ci/run` made, or that of the path. */
export function findPython(): string | undefined {
  return [own, 'python3'].find((python) => {
    const { status } = spawnSync(python, ['-c', 'import openai'], {
      env: environment({}),
    })
    return status === 0
  })
}
