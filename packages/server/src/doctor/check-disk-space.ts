import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { quote } from '@custody/domain'
import { showBytes } from '../terminal/show-values.ts'
import type { Check, DoctorFinding } from './check.ts'

/** Below this share uploads are refused; before that it is told. */
const REFUSED = 0.05
const LITTLE = 0.08

/** Share of inodes. */
const FEW = 0.01

export const checkDiskSpace: Check = {
  name: 'disk space',
  otherwise: 'Look with df.',
  run({ folder }) {
    const findings: DoctorFinding[] = []
    const { bavail, blocks, bsize, files, ffree } = statfsSync(folder.path)
    const [free, size] = [bavail * bsize, blocks * bsize]
    if (free < size * LITTLE) {
      const now = free < size * REFUSED ? 'Uploads are' : 'Below 5 % uploads are'
      findings.push({
        problem: `The disk of ${quote(folder.path)} is nearly full: ${showBytes(free)} of ${showBytes(size)} are free. ${now} refused with 507.`,
        action:
          'Make room, or delete files that are not needed: their bytes go a minute later. Nothing that was answered is lost by a full disk, and reads go on.',
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
