import type { SpooledContent, UploadSpool } from '@custody/blob-store'
import type { FollowedValidation, ValidationOutcome } from '../../plugin-host/index.ts'

type Followed = {
  readonly purpose: string
  readonly filename: string
  readonly validation: FollowedValidation
}

/** Validations that ran along with their uploads, by the content that came of them. */
export interface FollowedUploads {
  put(content: SpooledContent, followed: Followed): void
  /** The outcome, if the content was followed under just this purpose and name. */
  take(
    content: SpooledContent,
    purpose: string,
    filename: string,
  ): Promise<ValidationOutcome> | undefined
}

export function createFollowedUploads(): FollowedUploads {
  const byContent = new WeakMap<SpooledContent, Followed>()
  return {
    put: (content, followed) => void byContent.set(content, followed),
    take(content, purpose, filename) {
      const found = byContent.get(content)
      if (!found) return undefined
      if (found.purpose === purpose && found.filename === filename)
        return found.validation.result
      found.validation.abort()
      return undefined
    },
  }
}

/**
 * A spool that tells a validation how far it has come. The validation begins when there is a staging
 * file: content that stays in memory is validated at once when it is whole.
 */
export function followUpload(
  spool: UploadSpool,
  followed: FollowedUploads,
  hint: { readonly purpose: string; readonly filename: string },
  start: (path: string) => FollowedValidation,
): UploadSpool {
  let validation: FollowedValidation | undefined
  const advance = () => {
    const { staged } = spool
    if (!staged) return
    if (!validation) {
      validation = start(staged.path)
      // A refusal is told when the upload has ended; until then nobody waits for it.
      validation.result.catch(() => {})
    }
    validation.advance(staged.bytes)
  }
  return {
    get bytes() {
      return spool.bytes
    },
    get staged() {
      return spool.staged
    },
    write(chunk) {
      const waiting = spool.write(chunk)
      advance()
      return waiting
    },
    async end() {
      const content = await spool.end()
      if (validation) {
        validation.end(content.bytes)
        followed.put(content, { ...hint, validation })
      }
      return content
    },
    async discard() {
      validation?.abort()
      await spool.discard()
    },
  }
}
