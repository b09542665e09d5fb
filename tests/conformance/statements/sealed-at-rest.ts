import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { uploaded } from './checks.ts'
import type { World } from './world.ts'

/**
 * Uploads a small and a large file, and looks for what they say in every file of the data folder. The large one
 * says the same over and over: compressed, it takes a fraction of its size.
 */
export async function sealsAtRest({ api, server }: World): Promise<void> {
  for (const times of [1, 40_000]) {
    const marker = randomBytes(16).toString('hex')
    const content = `${marker}\n`.repeat(times)
    const before = new Set(blobsIn(server.dataDir))
    const upload = { purpose: 'user_data', filename: 'sealed.txt', content }
    const { id } = await uploaded(api, upload)
    assert.equal((await api.content(id)).text, content)
    for (const path of filesIn(server.dataDir)) {
      assert.ok(!readFileSync(path).includes(marker), path)
    }
    if (times === 1) continue
    const blobs = blobsIn(server.dataDir).filter((path) => !before.has(path))
    assert.equal(blobs.length, 1)
    for (const path of blobs) assert.ok(statSync(path).size < content.length / 4, path)
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
}

const blobsIn = (dataDir: string) => filesIn(join(dataDir, 'blobs'))
