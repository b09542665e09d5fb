/** What must hold between ours and the reference. */
export type Bound = { readonly atLeast: number } | { readonly atMost: number }

/** One line of the table: values of ours and of a reference, taken in turn, one of each in every round. */
export type Comparison = {
  /** The row, and what of it, such as `small-uploads / R1`. */
  readonly name: string
  readonly unit: 'requests/s' | 'events/s' | 'MiB/s' | 's' | 'ms' | 'MiB'
  readonly ours: readonly number[]
  readonly reference: readonly number[]
  /** How a round's two values are compared: ours ÷ reference, or ours − reference. */
  readonly by: 'ratio' | 'difference'
  /** None: a figure that nothing is asked of. */
  readonly bound?: Bound
}

/** A comparison, judged. */
export type Verdict = {
  /** Median, lowest and highest of the rounds' own ratios (or differences). */
  readonly median: number
  readonly lowest: number
  readonly highest: number
  /** Undefined where there is no bound. */
  readonly met: boolean | undefined
}

/**
 * The ratio of each round is taken first, and then their median: the two values of a round were measured one
 * right after the other, so a machine whose speed drifts changes both.
 */
export function judge({ ours, reference, by, bound }: Comparison): Verdict {
  const rounds = ours.map((value, round) => {
    const beside = reference[round] ?? Number.NaN
    return by === 'ratio' ? value / beside : value - beside
  })
  const middle = median(rounds)
  return {
    median: middle,
    lowest: Math.min(...rounds),
    highest: Math.max(...rounds),
    met: bound && ('atLeast' in bound ? middle >= bound.atLeast : middle <= bound.atMost),
  }
}

/** @throws RangeError where there are no values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[sorted.length >> 1]
  const lower = sorted[(sorted.length - 1) >> 1]
  if (upper === undefined || lower === undefined)
    throw new RangeError('There is no median of no values')
  return (lower + upper) / 2
}
