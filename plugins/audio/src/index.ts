import { definePlugin } from '@custody/plugin-api'
import { containerByExtension } from './containers/containers.ts'

/** Audio for transcription: MP3, MP4, WAV and WebM. */
export default definePlugin({
  name: '@custody/plugin-audio',
  version: '1.0.0',
  api: 1,
  purposes: {
    audio: {
      direction: 'input',
      dialects: ['gateflow'],
      extensions: Object.keys(containerByExtension),
      maxBytes: 25 * 1024 * 1024,
      async validate(file) {
        // The libraries are loaded with the first file: most deployments never get one.
        const { validateAudio } = await import('./validate-audio.ts')
        return validateAudio(file)
      },
    },
  },
})
