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

// The second that was read last: a log is read in the order of its times, and many share one.
let lastSecond = ''
let lastMicros = 0

/** The reverse of {@link formatTime}. @throws TypeError for any other form. */
export function parseTime(text: string): Micros {
  if (!TIME.test(text)) throw notATime(text)
  const second = text.slice(0, 19)
  if (second !== lastSecond) {
    const micros = Date.parse(`${second}Z`) * 1000
    // A day that there is not, such as 30 February, is read as another one, and 24:00 as the next day's.
    const doubtful = text.slice(8, 10) > '28' || text.slice(11, 13) > '23'
    if (Number.isNaN(micros) || (doubtful && !formatTime(micros).startsWith(second))) {
      throw notATime(text)
    }
    lastSecond = second
    lastMicros = micros
  }
  return lastMicros + Number(text.slice(20, 26))
}

function notATime(text: string): TypeError {
  return new TypeError(`Not a time of the log: '${text.slice(0, 40)}'`)
}
