import { type Logger, pino } from 'pino'
import { PinoPretty as pretty } from 'pino-pretty'

/**
 * The structured log, on standard error. Nothing that is logged holds a key, a file name, metadata or
 * content; the names that such things have are removed all the same.
 */
export function createLogger(form: 'pretty' | 'json' | 'off'): Logger {
  const redact = {
    paths: [
      'authorization',
      '*.authorization',
      'key',
      '*.key',
      'filename',
      '*.filename',
      'metadata',
      '*.metadata',
    ],
    remove: true,
  }
  if (form === 'off') return pino({ enabled: false })
  if (form === 'json') return pino({ redact }, pino.destination({ dest: 2, sync: false }))
  return pino({ redact }, pretty({ destination: 2, sync: true, ignore: 'pid,hostname' }))
}
