/** Times of the log: whole microseconds since the Unix epoch, as a number (exact until the year 2255). */
export type Micros = number

/** RFC 3339 in UTC with six digits: `2026-01-31T23:59:59.000001Z`. */
export function formatTime(micros: Micros): string {
  const ms = Math.floor(micros / 1000)
  const rest = micros - ms * 1000
  const text = new Date(ms).toISOString()
  return `${text.slice(0, 23)}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

/** The reverse of {@link formatTime}. @throws TypeError for any other form. */
export function parseTime(text: string): Micros {
  const micros = TIME.test(text)
    ? Date.parse(`${text.slice(0, 23)}Z`) * 1000 + Number(text.slice(23, 26))
    : Number.NaN
  // A day that there is not, such as 30 February, is read as another one, and 24:00 as the next day's.
  const doubtful = text.slice(8, 10) > '28' || text.slice(11, 13) > '23'
  if (Number.isNaN(micros) || (doubtful && formatTime(micros) !== text)) {
    throw new TypeError(`Not a time of the log: '${text.slice(0, 40)}'`)
  }
  return micros
}
