import {
  type Decision,
  decideArchiveProject,
  decideCreateApiKey,
  decideCreateProject,
  decideCreateServiceAccount,
  decideDeleteServiceAccount,
  decideRevokeApiKey,
  decideUpdateApiKey,
  decideUpdateProject,
  decideUpdateServiceAccount,
} from '@custody/domain'
import type { DecideContext } from '@custody/event-log'
import type { DirectoryBatch } from '@custody/file-index'
import type { StoredCommand } from './stored-command.ts'

type DirectoryCommand = Extract<
  StoredCommand,
  {
    readonly type:
      | 'CreateProject'
      | 'UpdateProject'
      | 'ArchiveProject'
      | 'CreateServiceAccount'
      | 'UpdateServiceAccount'
      | 'DeleteServiceAccount'
      | 'CreateApiKey'
      | 'UpdateApiKey'
      | 'RevokeApiKey'
  }
>

/** Decides on a project, a service account or a key. */
export async function decideDirectory(
  directory: DirectoryBatch,
  command: DirectoryCommand,
  { project, now }: DecideContext,
): Promise<Decision> {
  switch (command.type) {
    case 'CreateProject':
      return decideCreateProject(await directory.project(command.id), command)
    case 'UpdateProject':
      return decideUpdateProject(await directory.project(command.id), command)
    case 'ArchiveProject':
      return decideArchiveProject(await directory.project(command.id), command)
    case 'CreateServiceAccount':
      return decideCreateServiceAccount(await directory.project(project), {
        ...command,
        project,
      })
    case 'UpdateServiceAccount':
      return decideUpdateServiceAccount(await directory.serviceAccount(command.id), {
        ...command,
        project,
      })
    case 'DeleteServiceAccount':
      return decideDeleteServiceAccount(
        await directory.serviceAccount(command.id),
        await directory.keysOfAccount(command.id),
        { ...command, project },
      )
    case 'CreateApiKey':
      return decideCreateApiKey(
        await directory.project(project),
        command.account === null ? null : await directory.serviceAccount(command.account),
        { ...command, project },
      )
    case 'UpdateApiKey':
      return decideUpdateApiKey(
        await directory.apiKey(command.id),
        { ...command, project },
        now,
      )
    case 'RevokeApiKey':
      return decideRevokeApiKey(await directory.apiKey(command.id), {
        ...command,
        project,
      })
  }
}
