import type { UploadPolicy } from '../types.ts'

/** What a dialect decides about files that come in parts: only its general limit is another. */
export function partsPolicy(policy: UploadPolicy): UploadPolicy {
  const { maxPartsFileBytes, maxFileBytes } = policy
  return { ...policy, maxFileBytes: maxPartsFileBytes ?? maxFileBytes }
}
