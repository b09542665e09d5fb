import { quote } from '@custody/domain'
import { unfinishedWork } from '../data-folder/data-folder.ts'
import type { Check } from './check.ts'

/** Who has the data folder, and whether it answers. */
export const checkServer: Check = {
  name: 'server',
  otherwise: 'Look at the log of the server.',
  async run({ folder, isInUse, server }) {
    if (isInUse === undefined) {
      const summary = 'whether one runs cannot be told: nothing can be locked here'
      return { summary, findings: [] }
    }
    const unfinished = unfinishedWork(folder)
    if (unfinished) {
      const { problem, action } = unfinished
      const told = { problem: `${problem}: no server starts.`, action: `Now ${action}.` }
      return { summary: 'none starts', findings: [told] }
    }
    if (!isInUse) {
      if (!server) return { summary: 'none runs', findings: [] }
      const problem = `${quote(folder.serverFile)} is of process ${server.pid}, which does not have the data folder any more: it was killed, or its machine was.`
      const action =
        'Nothing is lost by that. The next start replaces the file; see the log of that server for why it ended.'
      return { summary: 'none runs', findings: [{ problem, action }] }
    }
    if (!server) {
      return {
        summary: 'a process has the data folder',
        findings: [
          {
            problem: 'A process has the data folder, and has not said where it serves.',
            action:
              'A start or a command may be under way: look again in a minute. Otherwise find the process (fuser lock.db) and end it.',
          },
        ],
      }
    }
    const summary = `process ${server.pid} serves ${server.address}`
    const readiness = await askReadiness(server.address)
    if (!readiness) {
      const problem = `Process ${server.pid} has the data folder, and does not answer at ${server.address}.`
      const action =
        'Look at its log. If it hangs, end it (kill, then kill -9: nothing that was answered is lost) and start it again.'
      return { summary, findings: [{ problem, action }] }
    }
    const findings = readiness.map((reason) => ({
      problem: `The server says that it is not ready: ${reason}`,
      action:
        'See the check of the clock. Where the clock is right: custody doctor --accept-clock.',
    }))
    return { summary, findings }
  },
}

/** Why the server is not ready; undefined: it does not answer. */
async function askReadiness(address: string): Promise<readonly string[] | undefined> {
  try {
    const signal = AbortSignal.timeout(5000)
    const response = await fetch(`${address}/readyz`, { signal })
    const { reasons }: { readonly reasons?: unknown } = Object(await response.json())
    if (response.ok) return []
    return Array.isArray(reasons) ? reasons.map(String) : ['It does not say why.']
  } catch {
    return undefined
  }
}
