/** Takes the contents of an export, one after the other. */
export interface ContentSink {
  begin(extent: string, bytes: number): void
  write(chunk: Buffer): Promise<void>
  /** The bytes are all there. */
  end(): Promise<void>
  /** They are not, and no more will come; or it is not wanted any more. */
  discard(): Promise<void>
  /** Forgets contents that had ended: their bytes were destroyed while the export was written. */
  remove(extents: readonly string[]): Promise<void>
}

/** Looks at contents, and keeps none. */
export const noContentSink: ContentSink = {
  begin() {},
  async write() {},
  async end() {},
  async discard() {},
  async remove() {},
}
