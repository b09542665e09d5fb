import type { Custody } from '../servers/custody.ts'

/** Deletes a file, so that what is measured next has the disk that this one had. */
export async function removeFile({ address, headers }: Custody, id: string) {
  const answer = await fetch(`${address}/v1/files/${id}`, { method: 'DELETE', headers })
  if (answer.status !== 200) throw new Error(`DELETE answered ${answer.status}`)
}
