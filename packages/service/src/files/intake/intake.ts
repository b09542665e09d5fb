import { findPendingBytes, findUsage } from '@custody/file-index'
import type { ServiceEnvironment } from '../../service-environment.ts'
import { createQuotaLedger, type QuotaLedger } from '../../usage/quota-ledger.ts'
import { sumUsage } from '../../usage/usage-view.ts'
import { createFollowedUploads, type FollowedUploads } from './follow-upload.ts'
import { createUploadAdmission, type UploadAdmission } from './upload-session.ts'

/** What all bytes go through that come in, whether they are a file or a part of one. */
export type Intake = {
  readonly admission: UploadAdmission
  readonly followed: FollowedUploads
  readonly ledger: QuotaLedger
}

export function createIntake(
  environment: Pick<ServiceEnvironment, 'log' | 'blobs' | 'plugins' | 'clock'>,
): Intake {
  const { log } = environment
  const followed = createFollowedUploads()
  const ledger = createQuotaLedger(async (project) => {
    const { bytes } = sumUsage(await findUsage(log.reader.sql, project))
    return bytes + (await findPendingBytes(log.reader.sql, project))
  })
  return {
    admission: createUploadAdmission(environment, followed, ledger),
    followed,
    ledger,
  }
}
