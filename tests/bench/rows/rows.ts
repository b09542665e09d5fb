import { append } from './append.ts'
import { asOfList } from './as-of-list.ts'
import { deepList } from './deep-list.ts'
import { get } from './get.ts'
import { inclusionProof } from './inclusion-proof.ts'
import { largeBatch } from './large-batch.ts'
import { largeDownload } from './large-download.ts'
import { largeUpload } from './large-upload.ts'
import { lastRange } from './last-range.ts'
import { liveEvents } from './live-events.ts'
import { memory } from './memory.ts'
import { noise } from './noise.ts'
import { partsUpload } from './parts-upload.ts'
import { rebuild } from './rebuild.ts'
import { replay } from './replay.ts'
import type { Row } from './row.ts'
import { sealedDownload } from './sealed-download.ts'
import { sealedMemory } from './sealed-memory.ts'
import { sealedUpload } from './sealed-upload.ts'
import { smallUploads } from './small-uploads.ts'
import { verify } from './verify.ts'

/** All rows, in the order in which they are measured. */
export const rows: readonly Row[] = [
  noise,
  smallUploads,
  largeUpload,
  largeBatch,
  largeDownload,
  sealedUpload,
  sealedDownload,
  partsUpload,
  lastRange,
  get,
  memory,
  sealedMemory,
  append,
  liveEvents,
  deepList,
  inclusionProof,
  // It deletes files of the log that they share; the others before it ask for any of them.
  asOfList,
  replay,
  rebuild,
  verify,
]
