/** A time of the log: whole microseconds since the Unix epoch. */
export type Micros = number

/** Whole Unix seconds, as the API shows them. */
export function toSeconds(micros: Micros): number {
  return Math.floor(micros / 1_000_000)
}
