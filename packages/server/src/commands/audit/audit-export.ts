import { createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openDiskBlobReader } from '@custody/blob-store'
import { CustodyError, quote } from '@custody/domain'
import { createLogExport } from '@custody/service'
import { configOf } from '../../config/config-of.ts'
import type { Config } from '../../config/load-config.ts'
import { syncFolder } from '../../data-folder/data-folder.ts'
import { loadKeyRing } from '../../data-folder/master-keys.ts'
import {
  CHECKPOINT_FILE,
  readIfThere,
  signingKeyPath,
} from '../../data-folder/signing-files.ts'
import { withAdminApi } from '../../deployment/with-admin-api.ts'
import { syncFile } from '../../import/sync-file.ts'
import { createLogger } from '../../logger.ts'
import type { CommandContext } from '../../terminal/command-context.ts'
import { withReader } from '../with-reader.ts'

/** The last line is shorter than that. */
const TAIL_BYTES = 64 * 1024

/**
 * `custody audit export [FILE|-]`: from the server where one runs, and where the log's key is here; from a copy without
 * its secrets up to the checkpoint that was signed last.
 */
export async function auditExport(
  context: CommandContext,
  file: string | undefined,
  flags: { readonly blobs?: boolean },
): Promise<number> {
  const blobs = flags.blobs ?? false
  const config = configOf(context)
  if (existsSync(signingKeyPath(config))) {
    const options = { config, logger: createLogger('off'), cwd: context.cwd }
    return await withAdminApi(options, (api) =>
      write(context, file, api.logStream(`/export?blobs=${blobs}`)),
    )
  }
  const note = lastKept(config)
  context.complain(
    'the signing key of the log is not here: this goes up to the checkpoint that was signed last',
  )
  return await withReader(context, async (reader) => {
    const exportLog = createLogExport({
      reader,
      blobs: openDiskBlobReader(config.dataDir),
      keys: blobs ? loadKeyRing(config, context.cwd) : undefined,
      checkpoint: async () => note,
    })
    return await write(context, file, exportLog({ blobs }))
  })
}

function lastKept({ dataDir }: Config): string {
  const note = readIfThere(join(dataDir, CHECKPOINT_FILE))
  if (note !== undefined) return note
  throw new CustodyError(
    'data_folder_unusable',
    `${quote(dataDir)} has neither the signing key of a log nor a checkpoint that was signed.`,
  )
}

async function write(
  context: CommandContext,
  file: string | undefined,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
  const { progress } = context
  let bytes = 0
  let tail = Buffer.alloc(0)
  async function* watched() {
    for await (const chunk of chunks) {
      bytes += chunk.length
      tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES)
      progress?.(`${bytes} bytes`)
      yield chunk
    }
  }
  const source = Readable.from(watched(), { objectMode: false })
  if (file === undefined || file === '-') {
    if (context.isTerminal) {
      source.destroy()
      throw new CustodyError(
        'invalid_configuration',
        'An export is not for a terminal: name a FILE.',
      )
    }
    await pipeline(source, process.stdout, { end: false }).catch(brokenOff)
    return 0
  }
  const path = resolve(context.cwd, file)
  // What is there for all to write to, such as /dev/null or a pipe, is written to: it is not ours to replace.
  const there = statSync(path, { throwIfNoEntry: false })
  const isStream = there !== undefined && !there.isFile() && !there.isDirectory()
  const draft = isStream ? undefined : `${path}.partial`
  try {
    const target = createWriteStream(draft ?? path, { mode: 0o600 })
    await pipeline(source, target).catch(brokenOff)
    const end = lastLine(tail)
    if (!end) throw brokenOff(new Error('its last line is missing'))
    if (draft !== undefined) {
      syncFile(draft)
      renameSync(draft, path)
      syncFolder(dirname(path))
    }
    progress?.('')
    const contents = end.contents > 0 ? `, ${end.contents} contents` : ''
    context.print(
      `${file}: ${end.events} events, root ${end.root}${contents}, ${bytes} bytes`,
    )
    return 0
  } catch (error) {
    progress?.('')
    if (draft !== undefined) rmSync(draft, { force: true })
    throw error
  }
}

function lastLine(tail: Buffer) {
  try {
    const text = tail.toString().trimEnd()
    const { end } = JSON.parse(text.slice(text.lastIndexOf('\n') + 1))
    return end as {
      readonly events: number
      readonly root: string
      readonly contents: number
    }
  } catch {
    return undefined
  }
}

/** @throws CustodyError: whoever reads what was written so far finds that it has no end */
function brokenOff(cause: unknown): never {
  if (cause instanceof CustodyError) throw cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message = `The export broke off, and nothing was kept of it: ${reason}.`
  throw new CustodyError('invalid_export', message, { cause })
}
