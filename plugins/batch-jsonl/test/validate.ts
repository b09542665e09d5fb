import { FileReadError, type Line, type Plugin, type Verdict } from '@custody/plugin-api'

/** Runs a plugin's validator over a content held in memory. */
export async function validate<Options>(
  plugin: Plugin<Options>,
  content: string | Uint8Array,
  { options }: { options?: Options } = {},
): Promise<Verdict> {
  const purpose = Object.values(plugin.purposes ?? {})[0]
  const bytes = Buffer.from(content)
  const signal = new AbortController().signal
  const file = {
    name: 'input.jsonl',
    size: bytes.length,
    purpose: 'batch',
    extension: '.jsonl',
    signal,
    head: async (n: number) => bytes.subarray(0, n),
    async *bytes() {
      yield bytes
    },
    async *lines() {
      for (const line of all()) yield line
    },
    async *lineBatches() {
      let b: Line[] = []
      for (const line of all()) {
        b.push(line)
        if (b.length === 7) {
          yield b
          b = []
        }
      }
      yield b
    },
  }
  function* all() {
    let at = bytes[0] === 0xef ? 3 : 0
    for (let number = 1; at < bytes.length; number++) {
      let end = bytes.indexOf(10, at)
      if (end < 0) end = bytes.length
      let text: string
      try {
        text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
          bytes.subarray(at, end),
        )
      } catch {
        throw new FileReadError('invalid_utf8', number, 'not UTF-8')
      }
      yield { number, text: text.endsWith('\r') ? text.slice(0, -1) : text }
      at = end + 1
    }
  }
  const verdict = await purpose?.validate?.(file, { options: options as Options, signal })
  if (!verdict) throw new Error('no validator')
  return verdict
}
