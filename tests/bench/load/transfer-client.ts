/**
 * The transfer client: one argument, a `Transfer` as JSON; prints a `TransferReport`. HTTP/1.1 by hand over a
 * plain socket: it sends slices of one buffer and receives into one buffer, so that it takes as little as it can
 * of the processor that it shares with the server.
 */
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { batchLines } from './batch-lines.ts'
import { jsonLines } from './json-lines.ts'
import type { Content, Transfer, TransferReport } from './transfer.ts'

const MiB = 2 ** 20
const KEPT_BYTES = 4096

type Answer = TransferReport['answers'][number]

const transfer: Transfer = JSON.parse(process.argv[2] ?? '')
const chunks = transfer.body ? [...chunksOf(transfer.body.content)] : []
const head = headOf(transfer)
const { parallel = 1, count = parallel } = transfer
const answers: Answer[] = []
let begun = 0
const started = performance.now()
await Promise.all(Array.from({ length: parallel }, exchangeInTurn))
const report: TransferReport = { milliseconds: performance.now() - started, answers }
process.stdout.write(JSON.stringify(report))

/** Content as slices of at most 1 MiB. */
function* chunksOf(content: Content): Generator<Uint8Array> {
  if (content.kind !== 'batch-lines') {
    const block =
      content.kind === 'random'
        ? randomFillSync(Buffer.allocUnsafeSlow(MiB))
        : jsonLines(MiB)
    for (let left = content.bytes; left > 0; left -= MiB)
      yield block.subarray(0, Math.min(left, MiB))
  } else {
    const whole = batchLines(content.lines, content.bytes)
    for (let at = 0; at < whole.length; at += MiB) yield whole.subarray(at, at + MiB)
  }
}

function headOf({ url, method, headers, body }: Transfer): string {
  const { host, pathname, search } = new URL(url)
  const length =
    body &&
    Buffer.byteLength(body.before) + body.content.bytes + Buffer.byteLength(body.after)
  const lines = Object.entries({
    host,
    connection: 'close',
    ...headers,
    ...(length !== undefined && { 'content-length': length }),
  }).map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${pathname}${search} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}

async function exchangeInTurn(): Promise<void> {
  while (begun < count) {
    const index = begun
    begun += 1
    answers[index] = await exchange()
  }
}

async function exchange(): Promise<Answer> {
  const { hostname, port } = new URL(transfer.url)
  let received = 0
  let kept = Buffer.alloc(0)
  const socket = connect({
    host: hostname,
    port: Number(port),
    onread: {
      buffer: Buffer.allocUnsafeSlow(256 * 1024),
      callback(bytes, buffer) {
        received += bytes
        if (kept.length < KEPT_BYTES) {
          kept = Buffer.concat([kept, buffer.subarray(0, bytes)]).subarray(0, KEPT_BYTES)
        }
        return true
      },
    },
  })
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  const send = async (data: string | Uint8Array) => {
    if (!socket.write(data)) await Promise.race([once(socket, 'drain'), closed])
  }
  await send(head)
  if (transfer.body) {
    await send(transfer.body.before)
    for (const chunk of chunks) await send(chunk)
    await send(transfer.body.after)
  }
  await closed
  return toAnswer(kept, received)
}

/** The answer whose first bytes are `kept`, of `received` in all. @throws Error where it is cut short */
function toAnswer(kept: Buffer, received: number): Answer {
  const end = kept.indexOf('\r\n\r\n')
  const [first = '', ...fields] = kept
    .subarray(0, Math.max(end, 0))
    .toString()
    .split('\r\n')
  const length = fields
    .find((field) => /^content-length:/i.test(field))
    ?.slice('content-length:'.length)
  const bytes = received - end - 4
  if (length === undefined || Number(length) !== bytes)
    throw new Error(`the answer has ${bytes} bytes and should have ${length}`)
  return {
    status: Number(first.split(' ')[1]),
    bytes,
    text: kept.subarray(end + 4).toString(),
  }
}
