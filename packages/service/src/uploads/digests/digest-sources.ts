import type { Extent } from '@custody/domain'
import type { ExtentsContent } from '../../files/file-content.ts'
import type { DigestSource } from './digest-thread.ts'

/** The content of `extents`, opened, as the digest thread takes it: one after the other. */
export function digestSources(
  { places, read }: ExtentsContent,
  extents: readonly Extent[],
  signal: AbortSignal,
): DigestSource[] {
  let end = 0
  return extents.map(({ bytes }, index) => {
    const start = end
    end += bytes
    const place = places[index]
    return place ? { place } : read(start, end, { signal, reuse: true })
  })
}
