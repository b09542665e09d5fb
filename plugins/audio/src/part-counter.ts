import { AudioFault } from './audio-fault.ts'

/**
 * Counts boxes, chunks or elements, so that a file made of tiny ones is cheap to refuse.
 *
 * @throws AudioFault `invalid_audio` from the call beyond `max` on
 */
export function partCounter(container: string, what: string, max: number): () => void {
  let parts = 0
  return () => {
    parts += 1
    if (parts > max) {
      throw new AudioFault(
        'invalid_audio',
        `The ${container} has more than ${max} ${what}, the most that is allowed.`,
      )
    }
  }
}
