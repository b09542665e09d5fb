import { makeTemporaryFolder, removeFolder } from '@custody/testkit'
import { crashRounds } from './crash-rounds.ts'

// npm run test:crash -- [rounds] [seed]

const [rounds = '25', seed = String(Date.now() % 2 ** 32)] = process.argv.slice(2)
const dataDir = makeTemporaryFolder()
console.log(`${rounds} rounds, seed ${seed}, in ${dataDir}`)
const faults = await crashRounds({
  rounds: Number(rounds),
  seed: Number(seed),
  dataDir,
  report: console.log,
})
for (const fault of faults) console.error(`FAULT: ${fault}`)
// What a fault was found in is kept to be looked at.
if (faults.length === 0) removeFolder(dataDir)
process.exitCode = faults.length === 0 ? 0 : 1
