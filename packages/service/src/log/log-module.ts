import {
  createEventCheck,
  type DomainEvent,
  eventSchemas,
  isEventType,
  upcast,
} from '@custody/domain'
import type { LogModule } from '@custody/event-log'
import {
  directoryProjection,
  extentsMigrations,
  filesProjection,
  keyUsesMigrations,
  projections,
  uploadsProjection,
  webhookMigrations,
  webhooksProjection,
  wrappedKeysMigrations,
} from '@custody/file-index'
import { createDecider } from './create-decider.ts'

const checkEvent = createEventCheck()

/** What the log is told about the events of Custody. Loaded in the log thread. */
export const logModule: LogModule = {
  schemaOf(type) {
    if (!isEventType(type)) throw new TypeError(`Unknown event type '${type}'`)
    return eventSchemas[type].schema
  },
  check: (event) => checkEvent(event as DomainEvent),
  upcast,
  migrations: {
    ...extentsMigrations,
    ...keyUsesMigrations,
    ...webhookMigrations,
    ...wrappedKeysMigrations,
  },
  projections,
  openBatch: (sql, batchOf) =>
    createDecider(
      sql,
      batchOf(filesProjection),
      batchOf(directoryProjection),
      batchOf(webhooksProjection),
      batchOf(uploadsProjection),
    ),
}
