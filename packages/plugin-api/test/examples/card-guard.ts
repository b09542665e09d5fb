import { accept, definePlugin, reject } from '@custody/plugin-api'

const cardNumber = /\b(?:\d[ -]?){15}\d\b/
const texts = ['.csv', '.jsonl', '.txt']

/** Refuses payment card numbers in any text, and tells another system of files that are gone. */
export default definePlugin<{ readonly url: string }>({
  name: 'card-guard',
  version: '1.0.0',
  api: 1,
  optionsSchema: {
    type: 'object',
    properties: { url: { type: 'string', format: 'uri' } },
    required: ['url'],
  },
  checks: {
    '*': {
      async validate(file) {
        if (!texts.includes(file.extension)) return accept()
        for await (const { number: line, text } of file.lines()) {
          const found = cardNumber.exec(text)
          if (found === null) continue
          const message = 'The line seems to hold the number of a payment card.'
          return reject({ code: 'card_number', message, line, column: found.index + 1 })
        }
        return accept()
      },
    },
  },
  on: {
    purposes: '*',
    async FileDeleted(event, { options, signal }) {
      const body = JSON.stringify({ id: event.file.id, position: event.position })
      const { ok } = await fetch(options.url, { method: 'POST', body, signal })
      return ok ? undefined : { retryAfter: 60 }
    },
  },
})
