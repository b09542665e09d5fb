import type { Projection } from '@custody/event-log'
import { directoryProjection } from './directory/directory-projection.ts'
import { filesProjection } from './files/files-projection.ts'
import { uploadsProjection } from './uploads/uploads-projection.ts'
import { webhooksProjection } from './webhooks/webhooks-projection.ts'

/** Everything that the index consists of. */
export const projections: readonly Projection[] = [
  filesProjection,
  directoryProjection,
  webhooksProjection,
  uploadsProjection,
]
