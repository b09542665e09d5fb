import { renameSync, writeFileSync } from 'node:fs'
import type { ScrubStore } from '@custody/service'
import { readIfThere } from './signing-files.ts'

/** How far the scrub that happens by itself got. What a power cut takes of it is read once more. */
export function scrubFile(path: string): ScrubStore {
  return {
    read: () => readIfThere(path),
    write(text) {
      const draft = `${path}.draft`
      writeFileSync(draft, `${text}\n`, { mode: 0o600 })
      renameSync(draft, path)
    },
  }
}
