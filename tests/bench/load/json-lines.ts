/** Of different lengths and letters. */
const words = Array.from({ length: 2000 }, (_, index) =>
  (index * 2654435761 + 12_345_678).toString(36).slice(0, 2 + (index % 9)),
)

/**
 * Lines of fine-tune data, `bytes` in all: the same instructions in each, a question of new words, an answer that is
 * one of some hundred. zstd makes about a tenth of it. The same each time.
 */
export function jsonLines(bytes: number): Buffer {
  let seed = 1
  // xorshift32: https://www.jstatsoft.org/article/view/v008i14
  const random = () => {
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    return (seed >>> 0) / 2 ** 32
  }
  // Drawn with a bias, as words of a language are.
  const sentence = (length: number) =>
    Array.from({ length }, () => words[Math.floor(words.length * random() ** 2)]).join(
      ' ',
    )
  const instructions = sentence(60)
  const answers = Array.from({ length: 100 }, () => sentence(40))
  const content = Buffer.alloc(bytes, '\n')
  for (let at = 0; at < bytes; ) {
    const messages = [
      { role: 'system', content: instructions },
      { role: 'user', content: sentence(20) },
      { role: 'assistant', content: answers[Math.floor(answers.length * random())] },
    ]
    at += content.write(`${JSON.stringify({ messages })}\n`, at)
  }
  return content
}
