/**
 * What authors must not be able to write. Nothing here runs: `tsc` fails when a line that is marked as an
 * error compiles.
 */
import {
  accept,
  type Check,
  collectIssues,
  definePlugin,
  type Facts,
  type Plugin,
  type Purpose,
  reject,
  type Validate,
} from '@custody/plugin-api'

type Options = { readonly maxRows: number }
const head = { name: 'p', version: '1.0.0', api: 1 } as const

export default definePlugin<Options>({
  ...head,
  purposes: {
    csv: {
      direction: 'input',
      extensions: ['.csv'],
      streaming: true,
      async validate(file, { options }) {
        const rows: number = options.maxRows
        // @ts-expect-error: options are those that the plugin declares
        options.maxCols
        // @ts-expect-error: a file cannot be read whole
        file.text()
        // @ts-expect-error: a file's facts are read-only
        file.size = 1
        return accept({ rows })
      },
    },
  },
  on: {
    FileUploaded: async (event, context) => {
      // @ts-expect-error: a reaction cannot append
      context.append(event)
      return { retryAfter: 60 }
    },
    FileDeleted() {},
  },
})

// @ts-expect-error: another version of the interface
definePlugin({ ...head, api: 2 })

// @ts-expect-error: a plugin has a version
definePlugin({ name: 'p', api: 1 })

// @ts-expect-error: the key is `purposes`
definePlugin({ ...head, purpose: {} })

// @ts-expect-error: a direction is input or output
export const sideways: Purpose = { direction: 'sideways' }

// @ts-expect-error: extensions are a list
export const oneExtension: Purpose = { direction: 'input', extensions: '.csv' }

// @ts-expect-error: bounds are bytes
export const bounded: Purpose = { direction: 'input', maxBytesByExtension: { '.a': '1' } }

// @ts-expect-error: dialects are a list
export const oneDialect: Check = { dialects: 'gateflow', validate: () => accept() }

// @ts-expect-error: a check has a validator
export const emptyCheck: Plugin = { ...head, checks: { '*': {} } }

// @ts-expect-error: a verdict is data, not a boolean
export const yes: Validate = () => true

// @ts-expect-error: nor nothing
export const nothing: Validate = async () => {}

// @ts-expect-error: `output` files cannot be reacted to by that name
export const reactsToAll: Plugin = { ...head, on: { FileChanged() {} } }

// @ts-expect-error: a reaction answers seconds
export const retriesLater: Plugin = { ...head, on: { FileUploaded: () => 60 } }

// @ts-expect-error: facts are JSON, and a date is not
export const dated: Facts = { at: new Date() }

// @ts-expect-error: nor is undefined
accept({ rows: undefined })

// @ts-expect-error: an issue has a code
reject({ message: 'Wrong.' })

// @ts-expect-error: a refusal has reasons
reject()

// @ts-expect-error: what was collected is read-only
collectIssues().issues.push({ code: 'a', message: 'b' })
