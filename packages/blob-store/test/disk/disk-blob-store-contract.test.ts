import { randomUUID } from 'node:crypto'
import t from 'tap'
// By path: testkit depends on this package, not the other way round.
import { blobStoreContract } from '../../../testkit/src/contracts/blob-store-contract.ts'
import { openDiskBlobStore } from '../../src/index.ts'

blobStoreContract(t, async (t) => {
  const store = await openDiskBlobStore({ folder: t.testdir({}), newId: randomUUID })
  t.teardown(() => store.close())
  return store
})
