/** Takes one measurement; resolves to its value. */
export type Measure = () => Promise<number>

/**
 * Warms every contender up once, then measures all of them in each round, one right after the other. Every
 * second round goes backwards, so that none is always the one that comes after another.
 */
export async function inTurn<Name extends string>(
  contenders: Readonly<Record<Name, Measure>>,
  options: {
    readonly rounds: number
    /** Brings the machine to rest; called before each measurement. */
    readonly settle: () => Promise<void>
    /** Told of every value, warm-ups included (round 0). */
    readonly onValue: (name: Name, round: number, value: number) => void
  },
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[]
  const values = Object.fromEntries(
    names.map((name): [Name, number[]] => [name, []]),
  ) as Record<Name, number[]>
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      await options.settle()
      const value = await contenders[name]()
      options.onValue(name, round, value)
      if (round > 0) values[name].push(value)
    }
  }
  return values
}
