import { randomFillSync } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'

/** A new file of noise: one MiB, over and over. */
export function writeRandom(path: string, mebibytes: number): void {
  const block = randomFillSync(Buffer.allocUnsafeSlow(2 ** 20))
  const file = openSync(path, 'wx')
  for (let count = 0; count < mebibytes; count += 1) writeSync(file, block)
  closeSync(file)
}
