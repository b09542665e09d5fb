import { CustodyError, toSeconds } from '@custody/domain'
import { findApiKeyByHash, findProject, listApiKeys } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import { hashKey, redactKey } from '../auth/key-secret.ts'
import { ALL_SCOPES, type ServiceEnvironment } from '../service-environment.ts'
import { DEFAULT_PROJECT } from './default-project-id.ts'

const PAGE = 1000

/**
 * Makes the project `default`, and makes it and its key what the configuration says. Once archived it stays as it
 * is: it takes no key any more, and that must not keep the other projects from being served.
 *
 * @throws CustodyError `invalid_configuration` when a service account has this very key
 */
export async function configureDefaultProject(
  { log, clock, ids }: Pick<ServiceEnvironment, 'log' | 'clock' | 'ids'>,
  appender: Appender,
  options: {
    readonly dialect: string
    /** Undefined: key and dialect of a project that is there stay as they are. */
    readonly apiKey: string | undefined
  },
): Promise<void> {
  const { dialect, apiKey } = options
  const { reader } = log
  const asking = {
    project: DEFAULT_PROJECT,
    actor: 'system:configuration',
    requestId: ids.prefixed('req_'),
  }

  async function revokeFormerKeys(): Promise<void> {
    const now = toSeconds(clock() * 1000)
    for (let after = 0; ; ) {
      const page = await listApiKeys(reader.sql, DEFAULT_PROJECT, {
        after,
        limit: PAGE,
        now,
      })
      for (const { id, account, position } of page) {
        after = position
        if (account !== null) continue
        await appender.append(
          { type: 'RevokeApiKey', id, reason: 'configuration' },
          asking,
        )
      }
      if (page.length < PAGE) return
    }
  }

  const project = await findProject(reader.sql, DEFAULT_PROJECT)
  if (!project) {
    await appender.append(
      {
        type: 'CreateProject',
        id: DEFAULT_PROJECT,
        name: 'Default project',
        dialect,
        limits: {},
      },
      asking,
    )
  }
  if (apiKey === undefined || (project && project.archivedAt !== null)) return
  if (project && project.dialect !== dialect) {
    await appender.append({ type: 'UpdateProject', id: DEFAULT_PROJECT, dialect }, asking)
  }
  const sha256 = hashKey(apiKey)
  const known = await findApiKeyByHash(reader.sql, sha256)
  if (known?.account === null) return
  if (known) {
    throw new CustodyError(
      'invalid_configuration',
      `The key of the project '${DEFAULT_PROJECT}' is ${known.id} of a service account already; supply another one.`,
    )
  }
  await revokeFormerKeys()
  await appender.append(
    {
      type: 'CreateApiKey',
      id: ids.prefixed('key_'),
      name: 'Configuration',
      account: null,
      scopes: ALL_SCOPES,
      sha256,
      redacted: redactKey(apiKey),
      expiresAt: null,
    },
    asking,
  )
}
