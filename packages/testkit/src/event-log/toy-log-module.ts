import { CustodyError } from '@custody/domain/errors'
import {
  type BatchDecider,
  type DecideContext,
  type EventBody,
  insertion,
  type LogDecision,
  type LogModule,
  type NewEvent,
  type Sql,
  statement,
} from '@custody/event-log'
import { isToyCommand, type ToyCommand } from './toy-commands.ts'
import { type ToyBatch, toyProjection } from './toy-projection.ts'

// Which release of the toy this is: `toy-log-module.ts?version=2`.
const version = Number(new URL(import.meta.url).searchParams.get('version') ?? 1)
const projection = toyProjection(version)

/** Where each release of the toy module is. Release 2 writes accounts in schema 2, with a currency. */
export function toyModule(release: 1 | 2 = 1): URL {
  const url = new URL(import.meta.url)
  url.search = `?version=${release}`
  return url
}

/** A small module of its own kind: the log's tests need no files. */
export const logModule: LogModule = {
  schemaOf(type) {
    if (!types.has(type)) throw new TypeError(`Unknown event type '${type}'`)
    return type === 'AccountOpened' ? version : 1
  },
  check({ type, data }) {
    if (typeof data !== 'object' || data === null || 'wrong' in data) {
      throw new TypeError(`Event ${type} does not match its schema`)
    }
  },
  upcast(type, schema, body): EventBody {
    const today = logModule.schemaOf(type)
    if (schema > today) throw new TypeError(`Event ${type} has schema ${schema}`)
    if (schema === today) return body
    return { ...body, data: { ...Object(body.data), currency: 'EUR' } }
  },
  migrations: {
    '0002-toy': {
      async up(db) {
        await db.schema
          .createTable('attachments')
          .addColumn('name', 'text', (column) => column.primaryKey())
          .addColumn('hex', 'text')
          .execute()
      },
    },
  },
  projections: [projection],
  openBatch: (sql, batchOf) => createDecider(sql, batchOf(projection)),
}

const types = new Set([
  'LogStarted',
  'AccountOpened',
  'AmountMoved',
  'OwnerForgotten',
  'Noted',
])

/** What `Attach` and `Break` keep beside the log. */
export type AttachmentTables = { attachments: AttachmentRow }
export type AttachmentRow = { name: string; hex: string }

const insertAttachments = insertion<AttachmentRow>('attachments', ['name', 'hex'])

export const allAttachments = statement<AttachmentTables>()((db) =>
  db.selectFrom('attachments').selectAll().orderBy('name'),
)

function createDecider(sql: Sql, accounts: ToyBatch): BatchDecider {
  const kept: AttachmentRow[] = []
  const keep = (name: string, { attachments }: DecideContext) => {
    for (const [index, bytes] of attachments.entries()) {
      kept.push({ name: `${name} ${index}`, hex: Buffer.from(bytes).toString('hex') })
    }
  }

  async function move(id: string, amount: number): Promise<NewEvent | CustodyError> {
    const account = await accounts.account(id)
    if (!account) return refusal(`There is no account ${id}.`)
    if (account.balance + amount < 0) return refusal(`Account ${id} has too little.`)
    return { type: 'AmountMoved', stream: id, after: account.version, data: { amount } }
  }

  async function decide(
    command: ToyCommand,
    context: DecideContext,
  ): Promise<LogDecision> {
    switch (command.type) {
      case 'Start':
        return events({ type: 'LogStarted', stream: 'log', after: 0, data: {} })
      case 'Open': {
        if (await accounts.account(command.account)) {
          return { refusal: refusal(`Account ${command.account} is open.`) }
        }
        return events({
          type: 'AccountOpened',
          stream: command.account,
          after: 0,
          data: version === 1 ? {} : { currency: 'CHF' },
          private: {
            personal: { owner: command.owner },
            ...(command.secret !== undefined && { content: { secret: command.secret } }),
          },
        })
      }
      case 'Move': {
        const event = await move(command.account, command.amount)
        return event instanceof CustodyError ? { refusal: event } : events(event)
      }
      case 'Transfer': {
        const out = await move(command.from, -command.amount)
        if (out instanceof CustodyError) return { refusal: out }
        const back = await move(command.to, command.amount)
        return back instanceof CustodyError ? { refusal: back } : events(out, back)
      }
      case 'Note':
        return events(...command.texts.map((text) => note({ text })))
      case 'Forget': {
        const account = await accounts.account(command.account)
        if (!account) return { refusal: refusal(`There is no ${command.account}.`) }
        const erase = [{ position: account.opened, group: 'personal' }]
        return {
          events: [
            {
              type: 'OwnerForgotten',
              stream: command.account,
              after: account.version,
              data: { erased: erase },
            },
          ],
          erase,
        }
      }
      case 'Attach':
        keep(command.name, context)
        return events(note({ text: command.name }))
      case 'Nothing':
        return events()
      case 'Break':
        keep(`broken ${command.how}`, context)
        return events(...(await broken(command.how, command.account)))
    }
  }

  async function broken(how: string, id: string): Promise<NewEvent[]> {
    const now = (await accounts.account(id))?.version ?? 0
    const moved = { type: 'AmountMoved', stream: id, data: { amount: 1 } }
    switch (how) {
      case 'schema':
        return [note({ wrong: true })]
      case 'second schema':
        return [note({ text: 'first' }), note({ wrong: true })]
      case 'old version':
        return [{ ...moved, after: now - 1 }]
      case 'new version':
        return [{ ...moved, after: now + 1 }]
      case 'begun':
        return [{ ...moved, after: 0 }]
      case 'exit':
        return process.exit(1)
      default:
        throw new TypeError('The toy is broken')
    }
  }

  return {
    decide(command, context) {
      if (!isToyCommand(command)) throw new TypeError(`Unknown command '${command.type}'`)
      return decide(command, context)
    },
    async flush() {
      await sql.insert(insertAttachments, kept)
    },
  }
}

const note = (data: object): NewEvent => ({
  type: 'Noted',
  stream: 'notes',
  after: 'latest',
  data,
})

const events = (...list: readonly NewEvent[]): LogDecision => ({ events: list })

const refusal = (message: string) => new CustodyError('invalid_value', message)
