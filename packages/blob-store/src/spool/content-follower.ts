/**
 * Is shown content while it lies in memory, on its way to a sealed file. It may hold it back, and it cannot refuse it:
 * nothing here may reject but for what `store` rejected with.
 */
export interface ContentFollower {
  /**
   * Before the first content; none is sealed until it resolves.
   *
   * @param how.oneThread One thread seals the content of all spools, so that nothing is lost when one waits for another.
   */
  begin(how: { readonly oneThread: boolean }): Promise<void>
  /**
   * Content in shared memory, at its start, which is not changed until this resolves. One after the other.
   *
   * @param store Seals and stores it. To be called once, and awaited.
   */
  pass(content: Uint8Array, store: () => Promise<void>): Promise<void>
  /** All content was passed. It is not called for content that is discarded before its end. */
  end(): void
}
