/**
 * A file's content cannot be read as asked: `invalid_utf8` or `line_too_long`, at a line. What a validator
 * does not catch becomes the one issue that its file is refused for.
 */
export class FileReadError extends Error {
  override readonly name = 'FileReadError'
  readonly code: 'invalid_utf8' | 'line_too_long'
  /** 1-based. */
  readonly line: number

  constructor(code: 'invalid_utf8' | 'line_too_long', line: number, message: string) {
    super(message)
    this.code = code
    this.line = line
  }
}
