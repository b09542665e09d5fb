import { accept, type PluginFile, reject, type Verdict } from '@custody/plugin-api'
import { AudioFault } from './audio-fault.ts'
import { ByteWindow } from './byte-window.ts'
import { checkMp3 } from './containers/check-mp3.ts'
import { checkMp4 } from './containers/check-mp4.ts'
import { checkWav } from './containers/check-wav.ts'
import { checkWebm } from './containers/check-webm.ts'
import { type Container, containerByExtension } from './containers/containers.ts'
import { detectContainer } from './containers/detect-container.ts'
import type { Range } from './range.ts'
import { readFacts } from './read-facts.ts'

/** Each checks that the file is whole, as far as that is cheap, and gives the part that describes it. */
const checks: Readonly<Record<Container, (window: ByteWindow) => Promise<Range>>> = {
  mp3: checkMp3,
  mp4: checkMp4,
  wav: checkWav,
  webm: checkWebm,
}

/** Takes audio of the containers that transcription takes, told by content, and says what its container tells about it. */
export async function validateAudio(file: PluginFile): Promise<Verdict> {
  const window = new ByteWindow(file)
  try {
    const container = await detectContainer(window)
    checkExtension(file.extension, container)
    const described = await checks[container](window)
    return accept(await readFacts(window, container, described))
  } catch (error) {
    if (!(error instanceof AudioFault)) throw error
    return reject({ code: error.code, message: error.message })
  }
}

function checkExtension(extension: string, container: Container): void {
  const promised = containerByExtension[extension]
  if (promised === undefined || promised === container) return
  throw new AudioFault(
    'unsupported_media_type',
    `The file name ends in '${extension}', but the content is ${container.toUpperCase()}.`,
  )
}
