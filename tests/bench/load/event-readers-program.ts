import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { ReadersReport, ReadersTask } from './event-readers.ts'

/**
 * Many readers of live events that cost as little as readers can: nothing is parsed, ends of events are counted in
 * what the first of them gets.
 */
const { address, headers, readers }: ReadersTask = JSON.parse(process.argv[2] ?? '')
const { hostname: host, port } = new URL(address)
const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
const request =
  'GET /v1/events?types[]=custody.file.uploaded HTTP/1.1\r\nHost: bench\r\n' +
  `Accept: text/event-stream\r\n${lines.join('')}\r\n`

let events = 0
let open = 0
const sockets = await Promise.all(
  Array.from({ length: readers }, async (_, number) => {
    const socket = connect({ host, port: Number(port) })
    socket.write(request)
    const first = await new Promise<Buffer>((resolve, reject) => {
      socket.once('data', resolve)
      socket.once('error', reject)
    })
    if (!first.toString('latin1').startsWith('HTTP/1.1 200')) {
      throw new Error(first.toString('latin1'))
    }
    open += 1
    socket.on('error', () => {})
    socket.on('close', () => {
      open -= 1
    })
    if (number === 0) {
      socket.on('data', (chunk: Buffer) => {
        for (let at = chunk.indexOf('\nevent: '); at !== -1; ) {
          events += 1
          at = chunk.indexOf('\nevent: ', at + 1)
        }
      })
    } else socket.resume()
    return socket
  }),
)
process.stdout.write('ready\n')
// Until the other side has had enough.
await text(process.stdin)
const report: ReadersReport = { events, open }
process.stdout.write(`${JSON.stringify(report)}\n`)
for (const socket of sockets) socket.destroy()
