const HEAD = (index: number) =>
  `{"custom_id":"r${index}","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"`
const TAIL = '"}]}}\n'
const WORDS = 'Say in one sentence what this paragraph is about, and name its author. '

/**
 * Batch input: request lines that the plugin for `batch` accepts, of about equal length and of exactly `bytes`
 * in all.
 *
 * @throws RangeError where the lines would have no room
 */
export function batchLines(lines: number, bytes: number): Buffer {
  const content = Buffer.allocUnsafe(bytes)
  const text = WORDS.repeat(Math.ceil(bytes / lines / WORDS.length) + 1000)
  let at = 0
  for (let index = 0; index < lines; index += 1) {
    const end = index === lines - 1 ? bytes : Math.floor((bytes * (index + 1)) / lines)
    const head = HEAD(index)
    const room = end - at - head.length - TAIL.length
    if (room < 0) throw new RangeError(`${bytes} bytes are too few for ${lines} lines`)
    at += content.write(head + text.slice(0, room) + TAIL, at, 'latin1')
  }
  return content
}
