/** How often a line of progress is written, in milliseconds. */
const EVERY_MS = 100

const WIDTH = 24

/** `[########----------------]  33 %  12.0 of 36.0 MiB`, written to a terminal now and then. */
export function progressBar(
  write: ((text: string) => void) | undefined,
  now: () => number,
): { show(done: number, of: number, what: string): void; end(): void } {
  let next = 0
  return {
    show(done, of, what) {
      if (!write || (now() < next && done < of)) return
      next = now() + EVERY_MS
      const share = of === 0 ? 1 : Math.min(1, done / of)
      const full = Math.round(share * WIDTH)
      const bar = '#'.repeat(full) + '-'.repeat(WIDTH - full)
      const percent = `${Math.floor(share * 100)}`.padStart(3)
      write(`[${bar}] ${percent} %  ${what}`)
    },
    end: () => write?.(''),
  }
}
