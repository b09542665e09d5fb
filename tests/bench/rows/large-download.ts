import { randomFillSync } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { transfer } from '../load/transfer.ts'
import { uploadOne } from '../load/upload-one.ts'
import type { Row } from './row.ts'

const MEBIBYTES = 512

export const largeDownload: Row = {
  name: 'large-download',
  about: 'one download of 512 MiB',
  async measure(bench) {
    const custody = await bench.startCustody()
    const content = { kind: 'random', bytes: MEBIBYTES * 2 ** 20 } as const
    const { id } = await uploadOne(custody, content)
    const file = join(bench.folder('r3'), 'file')
    writeRandom(file, MEBIBYTES)
    const reference = await bench.startReference('raw-download', { BENCH_FILE: file })

    const download = async (url: string) => {
      const { headers } = custody
      const { milliseconds, answers } = await transfer({ url, method: 'GET', headers })
      if (answers[0]?.bytes !== content.bytes)
        throw new Error(`${url} answered ${answers[0]?.bytes} bytes`)
      return MEBIBYTES / (milliseconds / 1000)
    }
    const values = await bench.inTurn({
      R3: () => download(reference.address),
      custody: () => download(`${custody.address}/v1/files/${id}/content`),
    })
    return {
      comparisons: [
        {
          name: 'large-download / R3 (`node:http`, a file piped)',
          unit: 'MiB/s',
          ours: values.custody,
          reference: values.R3,
          by: 'ratio',
          bound: { atLeast: 0.8 },
        },
      ],
    }
  },
}

function writeRandom(path: string, mebibytes: number): void {
  const block = randomFillSync(Buffer.allocUnsafeSlow(2 ** 20))
  const file = openSync(path, 'wx')
  for (let count = 0; count < mebibytes; count += 1) writeSync(file, block)
  closeSync(file)
}
