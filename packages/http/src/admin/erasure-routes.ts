import { CustodyError, parseFileId, toFileId } from '@custody/domain'
import type { Erasures, TrailView } from '@custody/service'
import { presentErasure } from '../routes/files/erase-file.ts'
import { emptyBody, trailOptions } from './admin-bodies.ts'
import type { Route } from './admin-request.ts'

/** What the command line erases: a file of any project, and the trail of a key. */
export function addErasureRoutes(route: Route, erasures: Erasures): void {
  route('post', '/projects/:project/files/:file/erase', async (request) => {
    await request.body(emptyBody)
    const idAsSent = request.param('file')
    const id = parseFileId(idAsSent)
    if (id === undefined) {
      throw new CustodyError(
        'file_not_found',
        `No such File object: ${idAsSent.slice(0, 64)}`,
        { param: 'id' },
      )
    }
    const erased = await erasures.eraseFile(request.param('project'), id, {
      ...request.admin,
      idAsSent,
    })
    return presentErasure(erased, toFileId(id))
  })
  route('post', '/projects/:project/api_keys/:key/erase', async (request) => {
    const { dry_run: dryRun = false } = await request.body(trailOptions)
    const [project, key] = [request.param('project'), request.param('key')]
    return presentTrail(
      await erasures.eraseTrail(project, key, { dryRun }, request.admin),
    )
  })
}

function presentTrail(trail: TrailView): object {
  return {
    id: trail.key,
    object: 'api_key.erasure',
    dry_run: trail.dryRun,
    revoked: trail.revoked,
    service_account_id: trail.account,
    files: trail.files,
    held: trail.held,
    uploads: trail.uploads,
    webhooks: trail.webhooks,
    file_ids: trail.fileIds.map(toFileId),
    held_ids: trail.heldIds.map(toFileId),
  }
}
