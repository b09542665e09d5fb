import {
  CustodyError,
  type Extent,
  isCompletedAs,
  isPending,
  requireParts,
  type Upload,
  type UploadPart,
  uploadNotPending,
} from '@custody/domain'
import { listUploadParts } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { Principal } from '../auth/principal.ts'
import { type ExtentsContent, openExtents } from '../files/file-content.ts'
import { contentRefusals } from '../files/intake/judge-content.ts'
import { offeredPurposes, requirePurpose } from '../files/intake/purpose-rules.ts'
import { refusal, toCommand } from '../files/intake/upload-file.ts'
import type { AppendOnce } from '../idempotency/idempotency.ts'
import type { PluginContent } from '../plugin-host/index.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { Algorithm } from './digests/digest-messages.ts'
import { digestSources } from './digests/digest-sources.ts'
import type { DigestSource, Digests, DigestThread } from './digests/digest-thread.ts'
import type { RollingDigests } from './digests/rolling-digests.ts'
import { partsPolicy } from './parts-policy.ts'
import type { Completion } from './uploads.ts'

export type CompletionMeans = {
  readonly environment: ServiceEnvironment
  readonly appender: Appender
  readonly digests: DigestThread
  readonly rolling: RollingDigests
}

/**
 * Makes a file of the parts of an upload: looks at them as at a file in a form, then appends both events at once. An
 * upload that was completed just so already stays as it is.
 */
export async function completeUpload(
  { environment, appender, digests, rolling }: CompletionMeans,
  principal: Principal,
  upload: Upload,
  completion: Completion,
  once: AppendOnce | undefined,
): Promise<void> {
  const { log, clock, ids, plugins } = environment
  const { md5, requestId, signal } = completion
  if (isCompletedAs(upload, completion.parts, md5)) return
  const now = clock() * 1000
  // What was erased cannot be made a file of.
  if (!isPending(upload, now) || upload.filename === null) {
    throw uploadNotPending(upload, now)
  }
  const parts = requireParts(
    upload,
    await listUploadParts(log.reader.sql, upload.id),
    completion.parts,
    completion.partsAsSent,
  )
  const policy = partsPolicy(completion.policy)
  const purpose = requirePurpose(
    offeredPurposes(plugins, principal, policy),
    upload.purpose,
    policy,
  )
  const { bytes, filename } = upload
  const judged = { filename, policy, content: { bytes, sha256: '' } }
  const [refused] = contentRefusals(principal, judged, purpose)
  if (refused) throw refused

  const extents = parts.map(toExtent)
  const content = await openExtents(environment, { id: upload.id, extents })
  const known =
    extents.length === 1
      ? extents[0]?.sha256
      : await rolling.take(
          upload.id,
          extents.map(({ id }) => id),
        )
  const sources = digestSources(content, extents, signal)
  const sha256 = await digestOf({ digests, sources, signal }, known, md5)
  const verdict = await plugins.validate({
    purpose: purpose.name,
    dialect: policy.dialect,
    filename,
    size: bytes,
    content: forPlugins(content, bytes, signal),
    project: principal.project.id,
    signal,
  })
  if (!verdict.ok) throw refusal(verdict)

  const described = {
    filename,
    policy,
    declaredType: upload.declaredType,
    content: { bytes, sha256 },
    ...(upload.fileExpiresAfter !== null && {
      expiresAfterSeconds: upload.fileExpiresAfter,
    }),
    ...(upload.metadata && { metadata: upload.metadata }),
    ...(upload.classification !== null && { classification: upload.classification }),
    ...(upload.complianceRegime !== null && {
      complianceRegime: upload.complianceRegime,
    }),
    ...(upload.options && { options: upload.options }),
    ...(upload.textOptions && { textOptions: upload.textOptions }),
  }
  const command = toCommand(ids.uuid(), principal, described, purpose, verdict)
  await appender.append(
    {
      type: 'CompleteUpload',
      upload: upload.id,
      idAsSent: completion.idAsSent,
      file: { ...command, extents },
      ...(md5 !== undefined && { md5 }),
    },
    { project: principal.project.id, actor: principal.actor, requestId, once },
  )
}

/**
 * The file's SHA-256. Reads the content only for what is not known.
 *
 * @throws CustodyError `digest_mismatch` where the MD5 is not the one that was sent
 */
async function digestOf(
  content: DigestedContent,
  known: string | undefined,
  md5: string | undefined,
): Promise<string> {
  const algorithms: Algorithm[] = []
  if (known === undefined) algorithms.push('sha256')
  if (md5 !== undefined) algorithms.push('md5')
  const found = algorithms.length > 0 ? await digest(content, algorithms) : {}
  if (found.md5 !== md5) {
    throw new CustodyError(
      'digest_mismatch',
      `The file's MD5 is ${found.md5}, not ${md5}.`,
      { param: 'md5' },
    )
  }
  const sha256 = known ?? found.sha256
  if (sha256 === undefined) throw new TypeError('A digest is missing')
  return sha256
}

type DigestedContent = {
  readonly digests: DigestThread
  readonly sources: readonly DigestSource[]
  readonly signal: AbortSignal
}

async function digest(
  { digests, sources, signal }: DigestedContent,
  algorithms: readonly Algorithm[],
): Promise<Digests> {
  const open = digests.open(algorithms)
  signal.addEventListener('abort', open.cancel, { once: true })
  try {
    for (const source of sources) {
      signal.throwIfAborted()
      await open.add(source)
    }
    return await open.end()
  } finally {
    signal.removeEventListener('abort', open.cancel)
    open.cancel()
  }
}

function forPlugins(
  { inline, read }: ExtentsContent,
  size: number,
  signal: AbortSignal,
): PluginContent {
  if (inline) return { buffer: inline }
  return {
    source: {
      size,
      async read(start, end) {
        const chunks: Uint8Array[] = []
        for await (const chunk of read(start, end, { signal })) chunks.push(chunk)
        return Buffer.concat(chunks)
      },
    },
  }
}

function toExtent({ id, bytes, sha256 }: UploadPart): Extent {
  if (sha256 === null) throw new TypeError(`The digest of part ${id} was erased`)
  return { id, bytes, sha256 }
}
