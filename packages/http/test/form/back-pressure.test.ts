import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { RawConnection } from '../../../testkit/src/server/raw-connection.ts'
import { file, form, purpose, upload, uploadHead } from '../support/forms.ts'
import { readError } from '../support/read-error.ts'
import { startServer } from '../support/start-server.ts'

const MiB = 2 ** 20

t.test('no more of a body is read than the spool takes', async (t) => {
  const server = await startServer(t)
  const { files } = server
  const gate = Promise.withResolvers<void>()
  files.beforeWrite = () => gate.promise
  const client = await RawConnection.open(server.url)
  const body = form([purpose, { ...file, content: Buffer.alloc(50 * MiB, 'x') }])
  client.send(uploadHead(server, body.length), body)
  let before = -1
  while (client.socket.bytesWritten !== before || files.spooledBytes === 0) {
    before = client.socket.bytesWritten
    await sleep(50)
  }
  t.ok(files.spooledBytes <= MiB, `${files.spooledBytes} bytes were spooled`)
  t.ok(client.socket.writableLength > 0, 'the client still has to send')

  gate.resolve()
  t.equal((await client.answer()).status, 200)
  t.match(await server.stored(), [{ bytes: 50 * MiB }])
  client.destroy()
})

t.test('a spool that fails refuses the upload at once', async (t) => {
  const { fetch, folder, errors, leftovers } = await startServer(t)
  const staging = join(folder, 'staging')
  await rename(staging, `${staging}.away`)
  const content = Buffer.alloc(5 * MiB, 'x')
  const response = await fetch('/v1/files', upload([purpose, { ...file, content }]))
  t.match(await readError(response), { status: 500, code: 'internal_error' })
  t.equal(errors.length, 1)
  await rename(`${staging}.away`, staging)
  t.same(await leftovers(), [])
})

t.test('the bound of the file is inclusive, whichever parser reads it', async (t) => {
  for (const bytes of [1_000, 500_000]) {
    const { fetch } = await startServer(t, { limits: { max_file_bytes: bytes } })
    const send = async (size: number) =>
      await fetch(
        '/v1/files',
        upload([purpose, { ...file, content: Buffer.alloc(size, 'x') }]),
      )
    t.equal((await send(bytes)).status, 200)
    t.match(await readError(await send(bytes + 1)), {
      status: 413,
      code: 'file_too_large',
    })
  }
})

t.test('what surrounds the file is bounded too', async (t) => {
  const { fetch } = await startServer(t)
  const whole = form([purpose, file])
  const filler = Buffer.alloc(9 * MiB, 'x')
  for (const body of [Buffer.concat([filler, whole]), Buffer.concat([whole, filler])]) {
    const response = await fetch('/v1/files', { ...upload([purpose, file]), body })
    t.match(await readError(response), { status: 400, code: 'form_too_large' })
  }
})
