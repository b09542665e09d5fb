import t from 'tap'
import { showBytes, showSeconds } from '../../src/terminal/show-values.ts'

t.test('bytes are shown in the unit that fits', async (t) => {
  const shown = [0, 0.5, 1023, 1024, 1.5 * 2 ** 20, 2 ** 33, 2 ** 50].map(showBytes)
  t.strictSame(shown, [
    '0 B',
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 MiB',
    '8.0 GiB',
    '1024.0 TiB',
  ])
})

t.test(
  'a time is shown in full seconds, and one that is not there as a dash',
  async (t) => {
    t.equal(showSeconds(1769903999), '2026-01-31T23:59:59Z')
    t.equal(showSeconds(null), '-')
  },
)
