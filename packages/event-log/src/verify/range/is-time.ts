import { parseTime } from '../../log-time.ts'

/** Whether a text is a time as the log writes it. */
export function isTime(text: string): boolean {
  try {
    parseTime(text)
    return true
  } catch {
    return false
  }
}
