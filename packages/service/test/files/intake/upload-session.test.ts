import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDiskBlobStore } from '@custody/blob-store'
import t, { type Test } from 'tap'
import type { Principal } from '../../../src/auth/principal.ts'
import { createFollowedUploads } from '../../../src/files/intake/follow-upload.ts'
import { createUploadAdmission } from '../../../src/files/intake/upload-session.ts'
import { createIds } from '../../../src/ids.ts'
import type { FollowedValidation, PluginHost } from '../../../src/plugin-host/index.ts'
import { createQuotaLedger } from '../../../src/usage/quota-ledger.ts'
import { appears, fixture, startHost } from '../../plugin-host/start-host.ts'

const principal: Principal = {
  keyId: 'key_1',
  actor: 'key:key_1',
  scopes: new Set(),
  project: { id: 'default', dialect: 'openai', limits: {} },
}

/** Begins and ends uploads on a disk of which so many percent are free. */
async function onDisk(t: Test, freeBytes: number) {
  const ids = createIds(Date.now)
  const blobs = await openDiskBlobStore({ folder: t.testdir({}), newId: ids.uuid })
  t.teardown(() => blobs.close())
  blobs.freeSpace = () => ({ freeBytes, totalBytes: 100 })
  const { host: plugins } = await startHost(t)
  const admission = createUploadAdmission(
    { blobs, plugins, clock: Date.now },
    createFollowedUploads(),
    createQuotaLedger(async () => 0),
  )
  return (options: { declaredBytes: number | undefined; dryRun?: boolean }) => () =>
    admission
      .begin(principal, {
        policy: {
          dialect: 'openai',
          maxFileBytes: 2 ** 20,
          purposes: {},
          openOutputPurposes: [],
        },
        signal: new AbortController().signal,
        ...options,
      })
      .close()
}

t.test('on a disk that is almost full only small dry runs are admitted', async (t) => {
  const begin = await onDisk(t, 4)
  const KiB = 1024
  const full = { key: 'insufficient_storage', message: /almost full/ }
  t.throws(begin({ declaredBytes: 100 }), full)
  t.throws(begin({ declaredBytes: 64 * KiB + 1, dryRun: true }), full)
  t.throws(begin({ declaredBytes: undefined, dryRun: true }), full)
  t.doesNotThrow(begin({ declaredBytes: 64 * KiB, dryRun: true }))
})

t.test('on one that has room all are', async (t) => {
  const begin = await onDisk(t, 5)
  t.doesNotThrow(begin({ declaredBytes: 100 }))
  t.doesNotThrow(begin({ declaredBytes: undefined, dryRun: true }))
})

t.test('a validation ends with the upload that it follows', async (t) => {
  const ids = createIds(Date.now)
  const folder = t.testdir({})
  const blobs = await openDiskBlobStore({ folder, newId: ids.uuid })
  t.teardown(() => blobs.close())
  const { host } = await startHost(t, {
    plugins: [{ module: fixture('streamer.ts'), options: { marks: folder } }],
  })
  const following: FollowedValidation[] = []
  const follow: PluginHost['follow'] = (request) => {
    const validation = host.follow(request)
    following.push(validation)
    return validation
  }
  const plugins = { ...host, follow }
  const admission = createUploadAdmission(
    { blobs, plugins, clock: Date.now },
    createFollowedUploads(),
    createQuotaLedger(async () => 0),
  )
  const session = admission.begin(principal, {
    policy: {
      dialect: 'openai',
      maxFileBytes: 2 ** 20,
      purposes: {},
      openOutputPurposes: [],
    },
    declaredBytes: undefined,
    // What is refused is still answered: its connection stays, so nothing aborts this.
    signal: new AbortController().signal,
  })
  const spool = session.spool({ purpose: 'log', filename: 'a' })
  const chunk = 'line\n'.repeat(20_000)
  for (let n = 0; n < 8; n += 1) {
    await spool.write(Buffer.from(chunk))
    // What is staged by then is told with the next chunk.
    await sleep(5)
  }
  await appears(join(folder, 'a.begun'))
  await session.close()
  await t.rejects(async () => following[0]?.result, { name: 'AbortError' })
})
