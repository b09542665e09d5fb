import { PassThrough } from 'node:stream'
import t from 'tap'
import { filesRm } from '../../../src/commands/files/files-rm.ts'
import type { InterruptibleContext } from '../../../src/terminal/interruptible.ts'

/** A terminal at which somebody answers. */
function terminal(answer: string) {
  const said: string[] = []
  const questions: string[] = []
  const context: InterruptibleContext = {
    ...{ env: {}, cwd: '/', isTerminal: true, output: new PassThrough() },
    columns: () => 80,
    print: (line) => void said.push(line),
    complain: (line) => void said.push(line),
    async ask(question) {
      questions.push(question)
      return answer
    },
    signal: new AbortController().signal,
  }
  return { context, said, questions }
}

// Nobody listens there: a request that is made fails
const flags = { url: 'http://127.0.0.1:9', key: 'k', retries: 0 }

t.test('on a terminal, what is not a yes deletes nothing', async (t) => {
  for (const answer of ['', 'n', 'no', 'yep', 'x y']) {
    const { context, said, questions } = terminal(answer)
    t.equal(await filesRm(context, ['file-1', 'file-2', 'file-1'], flags), 1)
    t.strictSame(questions, ['Delete 2 files for good? [y/N] '])
    t.strictSame(said, ['nothing is deleted'])
  }
})

t.test('a yes deletes, and --yes does not ask', async (t) => {
  for (const answer of ['y', 'Yes ', undefined]) {
    const { context, said, questions } = terminal(answer ?? '')
    const yes = answer === undefined
    t.equal(await filesRm(context, ['file-1'], { ...flags, yes }), 1)
    t.equal(questions.length, yes ? 0 : 1)
    t.match(said[0], /^'file-1' is not deleted: The connection to 'http:.*' failed/)
  }
})
