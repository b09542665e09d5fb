/** Numbers that a seed decides. */
export interface Random {
  /** An integer from `min` to `max`, both inclusive. */
  integer(min: number, max: number): number
  /** True so often: 0..1. */
  chance(share: number): boolean
  pick<T>(items: readonly T[]): T | undefined
  bytes(length: number): Buffer
}

/** Mulberry32: small, and good enough to choose what happens. `seed`: 32 bits. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  return {
    integer,
    chance: (share) => next() < share,
    pick: (items) => items[integer(0, items.length - 1)],
    bytes(length) {
      const bytes = Buffer.alloc(length)
      for (let at = 0; at + 4 <= length; at += 4)
        bytes.writeUInt32LE(next() * 2 ** 32, at)
      return bytes
    },
  }
}
