import type { UploadPolicy } from '../files/files.ts'

/** What a dialect decides about files that come in parts: only its general limit is another. */
export function partsPolicy(policy: UploadPolicy): UploadPolicy {
  const { maxPartsFileBytes, maxFileBytes } = policy
  return { ...policy, maxFileBytes: maxPartsFileBytes ?? maxFileBytes }
}
