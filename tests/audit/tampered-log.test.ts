import { cpSync } from 'node:fs'
import t from 'tap'
import { database, expectNamed, makeDeployment, randomOf, verify } from './deployment.ts'
import { addRow, flipBit, removeRow, tamperWith } from './tamper.ts'

const deployment = makeDeployment(t)

const tamperings = [
  { what: 'a bit that was flipped', rounds: 25, tamper: flipBit },
  { what: 'a row that was removed', rounds: 5, tamper: removeRow },
  { what: 'a row that was added', rounds: 5, tamper: addRow },
]

for (const table of ['events', 'event_private', 'log_batches', 'tiles']) {
  for (const { what, rounds, tamper } of tamperings) {
    t.test(`${what} in ${table} is found, and named`, async (t) => {
      const { dataDir, copy } = await deployment
      const random = randomOf(t)
      const copied = copy()
      for (let n = 0; n < rounds; n += 1) {
        cpSync(database(dataDir), database(copied))
        const done = tamperWith(database(copied), (db) => tamper(db, table, random))
        expectNamed(t, done, await verify(copied))
      }
    })
  }
}
