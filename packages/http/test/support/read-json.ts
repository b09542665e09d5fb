export type FileAnswer = {
  readonly id: string
  readonly bytes: number
  readonly created_at: number
  readonly expires_at: number
  readonly filename: string
  readonly purpose: string
  readonly metadata: object
}

/** A JSON answer, taken for a File object unless the caller says what it is; the test looks closer. */
export async function readJson<T = FileAnswer>(response: Response): Promise<T> {
  return (await response.json()) as T
}
