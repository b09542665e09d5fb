import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { quote } from '@custody/domain'
import { showBytes } from '../commands/progress.ts'
import type { Check, DoctorFinding } from './check.ts'

const GiB = 2 ** 30

/** Less than this share is little, and less than so much in any case; but no more is asked for than `ENOUGH`. */
const LITTLE_SHARE = 0.05
const LITTLE = GiB / 2
const ENOUGH = 10 * GiB

/** Share of inodes. */
const FEW = 0.01

export const checkDiskSpace: Check = {
  name: 'disk space',
  otherwise: 'Look with df.',
  run({ folder }) {
    const findings: DoctorFinding[] = []
    const { bavail, blocks, bsize, files, ffree } = statfsSync(folder.path)
    const [free, size] = [bavail * bsize, blocks * bsize]
    const little = Math.min(ENOUGH, Math.max(LITTLE, size * LITTLE_SHARE))
    const isSmall = size < little
    if (free < (isSmall ? size * LITTLE_SHARE : little)) {
      findings.push({
        problem: `The disk of ${quote(folder.path)} is nearly full: ${showBytes(free)} of ${showBytes(size)} are free.`,
        action:
          'Make room, or delete files that are not needed. When it is full, uploads are refused with 507 and nothing is lost.',
      })
    }
    if (files > 0 && ffree < files * FEW) {
      findings.push({
        problem: `The disk of ${quote(folder.path)} has nearly no room for further files: ${ffree} of ${files} inodes are free.`,
        action: 'Remove small files from it, or make a file system with more inodes.',
      })
    }
    const scratch = statfsSync(tmpdir())
    const there = showBytes(scratch.bavail * scratch.bsize)
    const summary = `${showBytes(free)} of ${showBytes(size)} free; ${there} for scratch in ${tmpdir()}`
    return { summary, findings }
  },
}
