export type ImageFormat = 'png' | 'jpeg' | 'webp' | 'gif'

/** `grey` stands for greyscale, `cmyk` for YCCK too. */
export type ImageMode = 'rgb' | 'rgba' | 'grey' | 'grey_alpha' | 'palette' | 'cmyk'

/** What the structure of an image says about it. */
export type Image = {
  readonly format: ImageFormat
  /** In pixels, as declared; of a GIF, the canvas that holds both the screen and the frame. */
  readonly width: number
  readonly height: number
  readonly mode: ImageMode
  /** Bits per channel, or per palette index. */
  readonly bitDepth: number
  /** How the pixels are coded, where few decoders know it. */
  readonly uncommonCoding?: string
  /** Offset of the first byte after the image. */
  readonly end: number
}
