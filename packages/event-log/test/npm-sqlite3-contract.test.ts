import t from 'tap'
// The package's own testkit cannot be a dependency of it by name: it depends on this package.
import { eventLogContract } from '../../testkit/src/contracts/event-log-contract.ts'
import { sqliteLogStore } from './fixtures/sqlite-log-store.ts'

eventLogContract(t, {
  name: 'sqlite3',
  createStore: async (t) => sqliteLogStore(t, 'sqlite3'),
})
