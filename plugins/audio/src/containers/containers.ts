/** What an audio file is, by its content. */
export type Container = 'mp3' | 'mp4' | 'wav' | 'webm'

/** Extensions that the purpose takes, and the container that each promises. */
export const containerByExtension: Readonly<Record<string, Container>> = {
  '.mp3': 'mp3',
  '.mp4': 'mp4',
  '.m4a': 'mp4',
  '.wav': 'wav',
  '.webm': 'webm',
}

/** Containers by the extensions that file-type tells from the content; all of MP4's are one family. */
export const containerByDetected: Readonly<Record<string, Container>> = {
  mp3: 'mp3',
  mp4: 'mp4',
  m4a: 'mp4',
  m4b: 'mp4',
  m4v: 'mp4',
  m4p: 'mp4',
  f4a: 'mp4',
  f4b: 'mp4',
  f4v: 'mp4',
  wav: 'wav',
  webm: 'webm',
}
