import type { MasterKeyRotation, RotationView } from '@custody/service'
import { emptyBody } from './admin-bodies.ts'
import type { Route } from './admin-request.ts'

/** Rotation of the master key. It goes on after the answer, which tells how far it is. */
export function addMasterKeyRoutes(route: Route, rotation: MasterKeyRotation): void {
  route('post', '/master_keys/rotate', async ({ admin, body }) => {
    await body(emptyBody)
    return presentRotation(await rotation.begin(admin))
  })
  route('get', '/master_keys/rotation', async () => presentRotation(rotation.view()))
}

function presentRotation(view: RotationView): object {
  return {
    object: 'master_key.rotation',
    state: view.state,
    from: view.from,
    to: view.to,
    resumed: view.resumed,
    rewrapped: view.rewrapped,
    error: view.error,
    remnants: view.remnants,
    configured: view.configured,
  }
}
