import { fileTypeFromTokenizer } from 'file-type'
import { AudioFault } from '../audio-fault.ts'
import type { ByteWindow } from '../byte-window.ts'
import { WindowTokenizer } from '../window-tokenizer.ts'
import { type Container, containerByDetected } from './containers.ts'

const allowed = 'MP3, MP4, WAV and WebM are allowed'

/**
 * Finds out by the content what a file is.
 *
 * @throws AudioFault `unsupported_media_type`
 */
export async function detectContainer(window: ByteWindow): Promise<Container> {
  const detected = await detect(window)
  const container = detected && containerByDetected[detected.ext]
  if (container !== undefined) return container
  // Between an ID3 tag and the first frame there may be padding, in which nothing is detected.
  const head = (await window.read(0, 12)).toString('latin1')
  if (detected === undefined && head.startsWith('ID3')) return 'mp3'
  const what =
    detected === undefined
      ? `(it begins with the bytes '${Buffer.from(head, 'latin1').toString('hex')}') is no audio that is known`
      : `is ${detected.mime}`
  throw new AudioFault('unsupported_media_type', `The content ${what}; ${allowed}.`)
}

async function detect(window: ByteWindow) {
  try {
    return await fileTypeFromTokenizer(new WindowTokenizer(window, 0, window.size))
  } catch {
    window.throwFailure()
    return undefined
  }
}
