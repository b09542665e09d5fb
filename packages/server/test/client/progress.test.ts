import t from 'tap'
import { barLine, createProgress } from '../../src/client/progress.ts'

const state = {
  ...{ name: 'a.txt', files: 1, filesDone: 0 },
  ...{ bytes: 1024 * 1024, bytesDone: 256 * 1024, bytesPerSecond: 64 * 1024 },
}

t.test('a bar says how far it is, how fast, and how long it takes', async (t) => {
  t.equal(
    barLine(state, 200),
    'a.txt  [#####---------------]   25 %  256.0 KiB of 1.0 MiB  64.0 KiB/s  0:12',
  )
  t.match(barLine({ ...state, files: 3, filesDone: 2 }, 200), /^2\/3 files {2}\[/)
})

t.test('a bar is never wider than the terminal', async (t) => {
  for (const columns of [0, 1, 20, 79]) {
    t.ok(barLine({ ...state, name: '数据'.repeat(40) }, columns).length < columns + 1)
  }
  t.match(
    barLine({ ...state, name: 'long'.repeat(40) }, 90),
    /^(long)+l?o?n? {2}\[.*0:12$/,
  )
})

t.test('a bar of nothing divides by nothing', async (t) => {
  const empty = { ...state, bytes: 0, bytesDone: 0, bytesPerSecond: 0 }
  t.match(barLine(empty, 200), /\[-{20}\] +0 % {2}0 B of 0 B {2}0 B\/s$/)
})

t.test('what is sent again is not counted twice, and lines clear the bar', async (t) => {
  const shown: string[] = []
  let now = 0
  const show = (text: string) => void shown.push(text)
  const progress = createProgress({ show, columns: () => 200, clock: () => now })
  progress.expect(1, 1000)
  const tracker = progress.begin('a.txt')
  now = 1000
  tracker.move('0', 400)
  tracker.move('0', 100)
  tracker.skip('1', 500)
  await new Promise((resolve) => setTimeout(resolve, 250))
  t.match(shown.at(-1), / 60 % {2}600 B of 1000 B {2}100 B\/s {2}0:04$/)
  progress.line(() => shown.push('a line'))
  t.strictSame(shown.slice(-2), ['', 'a line'])
  tracker.end(true)
  progress.end()
  const { length } = shown
  await new Promise((resolve) => setTimeout(resolve, 150))
  t.equal(shown.length, length, 'nothing is shown after the end')
})
