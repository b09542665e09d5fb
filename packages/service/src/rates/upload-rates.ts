import { CustodyError } from '@custody/domain'
import type { Principal } from '../auth/principal.ts'
import type { RateStore } from './rate-store.ts'

/** Headers of an answer that tell how many uploads are left, as OpenAI writes them. */
export type RateHeaders = Readonly<Record<string, string>>

/** Holds uploads to the rates that their key and their project have. */
export interface UploadRates {
  /**
   * Counts an upload that begins. Undefined, and nothing was counted, where neither key nor project has a rate.
   * The headers tell of the rate that has the least left.
   *
   * @throws CustodyError `rate_limit_exceeded`
   */
  count(principal: Principal): Promise<RateHeaders> | undefined
}

type Standing = {
  readonly limit: number
  readonly left: number
  readonly seconds: number
}

export function createUploadRates(store: RateStore): UploadRates {
  async function hit(id: string, limit: number, whose: string): Promise<Standing> {
    const { count, endsInMs } = await store.hit(id)
    const seconds = Math.min(60, Math.max(1, Math.ceil(endsInMs / 1000)))
    const standing = { limit, left: Math.max(0, limit - count), seconds }
    if (count > limit) throw exceeded(whose, standing)
    return standing
  }

  async function hitAll(
    { keyId, project }: Principal,
    ofKey: number | undefined,
    ofProject: number | undefined,
  ): Promise<RateHeaders> {
    // The key first: one that sends too much must not use up what the project's other keys share.
    const key = ofKey === undefined ? undefined : await hit(keyId, ofKey, 'this key')
    const whole =
      ofProject === undefined
        ? undefined
        : await hit(project.id, ofProject, 'this project')
    return headersOf(whole && (!key || whole.left < key.left) ? whole : key)
  }

  return {
    count(principal) {
      const ofKey = principal.uploadsPerMinute
      const ofProject = principal.project.limits.uploads_per_minute
      if (ofKey === undefined && ofProject === undefined) return undefined
      return hitAll(principal, ofKey, ofProject)
    },
  }
}

function exceeded(whose: string, standing: Standing): CustodyError {
  const { limit, seconds } = standing
  return new CustodyError(
    'rate_limit_exceeded',
    `Rate limit reached: ${whose} may begin ${limit} ${limit === 1 ? 'upload' : 'uploads'} per minute. Please try again in ${seconds}s.`,
    { headers: { ...headersOf(standing), 'retry-after': String(seconds) } },
  )
}

/** @see https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
function headersOf(standing: Standing | undefined): RateHeaders {
  if (!standing) return {}
  const { limit, left, seconds } = standing
  return {
    'x-ratelimit-limit-requests': String(limit),
    'x-ratelimit-remaining-requests': String(left),
    'x-ratelimit-reset-requests': seconds === 60 ? '1m0s' : `${seconds}s`,
  }
}
