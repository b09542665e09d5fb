import t from 'tap'
import { progressBar } from '../../src/terminal/progress-bar.ts'

t.test('a bar shows how much is done, ten times in a second at most', async (t) => {
  const written: string[] = []
  const time = { now: 0 }
  const bar = progressBar(
    (text) => written.push(text),
    () => time.now,
  )
  bar.show(0, 300, 'a')
  bar.show(50, 300, 'too soon')
  time.now = 100
  bar.show(100, 300, 'b')
  bar.show(300, 300, 'the end is always shown')
  bar.end()
  t.strictSame(written, [
    '[------------------------]   0 %  a',
    '[########----------------]  33 %  b',
    '[########################] 100 %  the end is always shown',
    '',
  ])
})

t.test('what grew meanwhile does not overflow it, and nothing is a whole', async (t) => {
  const written: string[] = []
  const bar = progressBar(
    (text) => written.push(text),
    () => 0,
  )
  bar.show(500, 300, 'more')
  bar.show(0, 0, 'nothing')
  for (const line of written) t.match(line, /^\[#{24}\] 100 %/)
})

t.test('nobody looks on: nothing is written', async () => {
  const bar = progressBar(undefined, () => 0)
  bar.show(1, 1, 'x')
  bar.end()
})
