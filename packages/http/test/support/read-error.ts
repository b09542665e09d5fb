import { readJson } from './read-json.ts'

export type Refusal = {
  readonly status: number
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string | null
}

/** The envelope of a refusal, with its status. */
export async function readError(response: Response): Promise<Refusal> {
  const { error } = await readJson<{ error: Omit<Refusal, 'status'> }>(response)
  return { status: response.status, ...error }
}
