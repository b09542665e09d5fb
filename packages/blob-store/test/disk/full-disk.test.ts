import { fileURLToPath } from 'node:url'
import t from 'tap'
// The package's own testkit cannot be a dependency of it by name: it depends on this package.
import { spawnOnSmallDisk } from '../../../testkit/src/spawn-on-small-disk.ts'

spawnOnSmallDisk(t, fileURLToPath(new URL('../fixtures/full-disk.ts', import.meta.url)))
