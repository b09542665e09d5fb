import { accessSync, constants, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { quote } from '@custody/domain'
import type { Check, DoctorFinding } from './check.ts'

const octal = (mode: number) => (mode & 0o777).toString(8).padStart(4, '0')

/** Folders are for their owner alone, and so is each file with a secret in it. */
export const checkFolders: Check = {
  name: 'permissions',
  otherwise: 'Run it as the user that the server runs as.',
  run({ config, folder, isInUse }) {
    const findings: DoctorFinding[] = []
    const me = process.geteuid?.()
    const owner = statSync(folder.path, { throwIfNoEntry: false })?.uid

    function look(path: string, isSecret: boolean, isWritten: boolean): void {
      let found: Stats | undefined
      try {
        found = statSync(path, { throwIfNoEntry: false })
      } catch (error) {
        findings.push({
          problem: `${quote(path)} cannot be looked at: ${reasonOf(error)}.`,
          action: 'Give the user of the server the right to it.',
        })
        return
      }
      if (!found) return
      if (isSecret && (found.mode & 0o077) !== 0) {
        const mode = found.isDirectory() ? '700' : '600'
        findings.push({
          problem: `${quote(path)} can be reached by other users: its mode is ${octal(found.mode)}.`,
          action: `chmod ${mode} ${quote(path)}. If others may have read keys in it, replace those.`,
        })
      }
      if (me === 0 && owner !== undefined && found.uid !== owner) {
        findings.push({
          problem: `${quote(path)} belongs to user ${found.uid}, and the data folder to ${owner}.`,
          action: `Where the server runs as user ${owner}: chown -R ${owner} ${quote(path)}. A command that is run as root leaves such files.`,
        })
      } else if (me !== undefined && me !== 0 && found.uid !== me) {
        findings.push({
          problem: `${quote(path)} belongs to user ${found.uid}, and this is user ${me}.`,
          action:
            'Run this command as the user of the server, or give it the folder (chown -R).',
        })
      }
      if (isWritten && isInUse !== undefined && !isWritable(path)) {
        findings.push({
          problem: `${quote(path)} cannot be written.`,
          action:
            'Give the user of the server the right to it; where the file system is mounted read-only, the kernel log says why.',
        })
      }
    }

    look(folder.path, true, true)
    look(folder.database, false, true)
    for (const name of ['blobs', 'staging', 'run']) {
      look(join(folder.path, name), false, true)
    }
    look(folder.serverFile, true, false)
    look(config.secretsDir, true, false)
    for (const name of secretFiles) look(join(config.secretsDir, name), true, false)
    return { summary: `${folder.path}, ${config.secretsDir}`, findings }
  },
}

/** In the secrets folder. */
const secretFiles = [
  'admin-key',
  'api-key',
  'webhook-key',
  'master-key',
  'log-signing-key',
]

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
