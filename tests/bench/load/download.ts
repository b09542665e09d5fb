import { transfer } from './transfer.ts'

/** Measures downloads of so many MiB, in MiB/s. @throws Error where another length is answered */
export function downloadOf(headers: Readonly<Record<string, string>>, mebibytes: number) {
  return async (url: string): Promise<number> => {
    const { milliseconds, answers } = await transfer({ url, method: 'GET', headers })
    if (answers[0]?.bytes !== mebibytes * 2 ** 20)
      throw new Error(`${url} answered ${answers[0]?.bytes} bytes`)
    return mebibytes / (milliseconds / 1000)
  }
}
