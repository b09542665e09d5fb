import type { Facts } from '@custody/plugin-api'
import { type IFormat, parseFromTokenizer, TrackType } from 'music-metadata'
import type { ByteWindow } from './byte-window.ts'
import type { Container } from './containers/containers.ts'
import { contains } from './containers/contains.ts'
import type { Range } from './range.ts'
import { WindowTokenizer } from './window-tokenizer.ts'

/** What is longer is no codec's name, and facts are small. */
const MAX_CODEC_LENGTH = 64

const parserOptions = { skipCovers: true, skipPostHeaders: true, duration: false }

/**
 * What the container tells about the audio; only its media type where it is beyond the parser.
 *
 * @param described the part of the file that describes it
 */
export async function readFacts(
  window: ByteWindow,
  container: Container,
  described: Range,
): Promise<Facts> {
  const format = await readFormat(window, container, described)
  const kind = format && isVideo(format) ? 'video' : 'audio'
  const subtype = container === 'mp3' ? 'mpeg' : container
  return { media_type: `${kind}/${subtype}`, ...(format && factsOf(format)) }
}

async function readFormat(
  window: ByteWindow,
  container: Container,
  { start, end }: Range,
): Promise<IFormat | undefined> {
  // A fragment has no business there. music-metadata 12.1 takes its number of samples on trust and makes as many
  // objects, up to 2^32.
  if (container === 'mp4' && (await contains(window, start, end, 'moof')))
    return undefined
  const mimeType = container === 'mp3' ? 'audio/mpeg' : `audio/${container}`
  try {
    const tokenizer = new WindowTokenizer(window, start, end, mimeType)
    return (await parseFromTokenizer(tokenizer, parserOptions)).format
  } catch {
    window.throwFailure()
    return undefined
  }
}

function isVideo({ hasVideo, trackInfo }: IFormat): boolean {
  return hasVideo === true || trackInfo.some(({ type }) => type === TrackType.video)
}

function factsOf({ duration, codec, numberOfChannels, sampleRate }: IFormat): Facts {
  return {
    ...(isPositive(duration) && { duration_seconds: Math.round(duration * 1000) / 1000 }),
    ...(isName(codec) && { codec }),
    ...(isPositive(numberOfChannels) && { channels: numberOfChannels }),
    ...(isPositive(sampleRate) && { sample_rate: Math.round(sampleRate) }),
  }
}

/** What the parser cannot name, an extensible WAV for one, it calls by a number. */
function isName(codec: string | undefined): codec is string {
  if (codec === undefined || codec.startsWith('non-PCM')) return false
  return codec !== '' && codec.length <= MAX_CODEC_LENGTH
}

function isPositive(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value > 0
}
