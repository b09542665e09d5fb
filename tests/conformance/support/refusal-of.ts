import { APIError } from 'openai'

/** What a call of the SDK is refused with. @throws Error when it is not refused by the server */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<InstanceType<typeof APIError>> {
  try {
    await call
  } catch (error) {
    if (error instanceof APIError) return error
    throw error
  }
  throw new Error('the call was not refused')
}
