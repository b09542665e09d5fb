import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CustodyError, parseFileId, quote } from '@custody/domain'
import { createTileReader, firstRecord } from '@custody/event-log'
import { checkpointOf, proofUnder } from '@custody/service'
import { configOf } from '../../config/config-of.ts'
import type { Config } from '../../config/load-config.ts'
import {
  CHECKPOINT_FILE,
  readIfThere,
  signingKeyPath,
} from '../../data-folder/signing-files.ts'
import { withAdminApi } from '../../deployment/with-admin-api.ts'
import { createLogger } from '../../logger.ts'
import type { CommandContext } from '../../terminal/command-context.ts'
import { withReader } from '../with-reader.ts'

/** `custody audit checkpoint`: what the log says of itself, signed; to be kept where the operator cannot change it. */
export async function auditCheckpoint(
  context: CommandContext,
  flags: { readonly out?: string },
): Promise<number> {
  const note = await signed(context, '/checkpoint', async (last) => last)
  output(context, note, flags.out)
  return 0
}

/** `custody audit proof FILE_ID`: that the upload of a file is in the log. */
export async function auditProof(
  context: CommandContext,
  id: string,
  flags: { readonly out?: string },
): Promise<number> {
  const path = `/proof?file=${encodeURIComponent(id)}`
  const proof = await signed(context, path, (last) =>
    withReader(context, async (reader) => {
      const found = await firstRecord(reader.sql, parseFileId(id) ?? id)
      if (!found) {
        throw new CustodyError('file_not_found', `No events of ${id} are in the log.`)
      }
      const readTile = createTileReader(() => reader.sql)
      return await proofUnder(checkpointOf(last), found.position, readTile)
    }),
  )
  output(context, proof, flags.out)
  return 0
}

/** What the server answers, where the log's key is here to sign; on a copy without secrets, what the last checkpoint gives. */
async function signed(
  context: CommandContext,
  path: string,
  fromLast: (note: string) => Promise<string>,
): Promise<string> {
  const config = configOf(context)
  if (existsSync(signingKeyPath(config))) {
    const options = { config, logger: createLogger('off'), cwd: context.cwd }
    return await withAdminApi(options, (api) => api.log(path))
  }
  const note = lastKept(config)
  context.complain(
    'the signing key of the log is not here: this is the checkpoint that was signed last',
  )
  return await fromLast(note)
}

function lastKept({ dataDir }: Config): string {
  const note = readIfThere(join(dataDir, CHECKPOINT_FILE))
  if (note !== undefined) return note
  throw new CustodyError(
    'data_folder_unusable',
    `${quote(dataDir)} has neither the signing key of a log nor a checkpoint that was signed.`,
  )
}

function output(context: CommandContext, text: string, out: string | undefined): void {
  if (out === undefined) {
    context.print(text.replace(/\n$/, ''))
    return
  }
  try {
    // What was kept before is worth more than what the log says now.
    writeFileSync(resolve(context.cwd, out), text, { flag: 'wx' })
  } catch (cause) {
    const { code, message: reason } = Object(cause)
    const why =
      code === 'EEXIST'
        ? 'is there already, and nothing that was kept is overwritten. Name another file'
        : `cannot be written: ${reason}`
    throw new CustodyError('invalid_configuration', `${quote(out)} ${why}.`, { cause })
  }
}
