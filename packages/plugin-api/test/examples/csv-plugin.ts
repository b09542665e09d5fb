import { accept, collectIssues, definePlugin, reject } from '@custody/plugin-api'

type Options = { readonly delimiter: string; readonly maxRows: number }

export default definePlugin<Options>({
  name: 'csv-plugin',
  version: '1.0.0',
  api: 1,
  optionsSchema: {
    type: 'object',
    properties: {
      delimiter: { type: 'string', minLength: 1, maxLength: 1, default: ',' },
      maxRows: { type: 'integer', minimum: 1, default: 1_000_000 },
    },
    additionalProperties: false,
  },
  purposes: {
    csv: {
      direction: 'input',
      extensions: ['.csv'],
      maxBytes: 100 * 1024 * 1024,
      async validate(file, { options }) {
        const issues = collectIssues()
        let columns = 0
        let rows = 0
        for await (const { number, text } of file.lines({ maxBytes: 65_536 })) {
          const found = text.split(options.delimiter).length
          if (number === 1) columns = found
          const message = `The row has ${found} columns; the header has ${columns}.`
          if (found !== columns) issues.add({ code: 'ragged_row', message, line: number })
          rows = number - 1
        }
        const message = `There are ${rows} rows; at most ${options.maxRows} are allowed.`
        if (rows > options.maxRows) issues.add({ code: 'too_many_rows', message })
        return issues.total > 0 ? reject(issues) : accept({ columns, rows })
      },
    },
  },
})
