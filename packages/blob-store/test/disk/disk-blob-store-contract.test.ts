import { randomUUID } from 'node:crypto'
import t from 'tap'
// The package's own testkit cannot be a dependency of it by name: it depends on this package.
import { blobStoreContract } from '../../../testkit/src/contracts/blob-store-contract.ts'
import { openDiskBlobStore } from '../../src/index.ts'

blobStoreContract(t, async (t) => {
  const store = await openDiskBlobStore({ folder: t.testdir({}), newId: randomUUID })
  t.teardown(() => store.close())
  return store
})
