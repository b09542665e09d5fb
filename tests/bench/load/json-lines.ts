/** Of different lengths and letters; drawn with a bias, as words of a language are. */
const words = Array.from({ length: 2000 }, (_, index) =>
  (index * 2654435761 + 12_345_678).toString(36).slice(0, 2 + (index % 9)),
)

/** Lines of JSON with many words, `bytes` in all: zstd makes about a quarter of it. The same each time. */
export function jsonLines(bytes: number): Buffer {
  let seed = 1
  // xorshift32: https://www.jstatsoft.org/article/view/v008i14
  const random = () => {
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    return (seed >>> 0) / 2 ** 32
  }
  const content = Buffer.alloc(bytes, '\n')
  for (let at = 0, line = 0; at < bytes; line += 1) {
    const text = Array.from(
      { length: 60 },
      () => words[Math.floor(words.length * random() ** 2)],
    ).join(' ')
    at += content.write(`${JSON.stringify({ id: `r${line}`, text })}\n`, at)
  }
  return content
}
