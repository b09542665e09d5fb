import { createHash } from 'node:crypto'
import type { FileObject } from '@custody/testkit'

type Known = {
  readonly sha256: string
  readonly bytes: number
  state: 'there' | 'gone'
  /** Requests that were sent and are not answered. */
  deletesInFlight: number
}

/** What the answers of the server so far promise. */
export class World {
  readonly #files = new Map<string, Known>()
  /** Uploads that were sent and are not answered, by file name. */
  readonly #uploading = new Map<string, { sha256: string; bytes: number }>()
  /** What contradicts a promise. */
  readonly faults: string[] = []

  uploading(filename: string, content: Uint8Array): void {
    this.#uploading.set(filename, { sha256: sha256Of(content), bytes: content.length })
  }

  uploaded(file: FileObject): void {
    const sent = this.#uploading.get(file.filename)
    if (!sent) throw new Error(`nobody uploads ${file.filename}`)
    this.#uploading.delete(file.filename)
    if (file.bytes !== sent.bytes) this.faults.push(`${file.id} has ${file.bytes} bytes`)
    this.#files.set(file.id, { ...sent, state: 'there', deletesInFlight: 0 })
  }

  deleting(id: string): void {
    this.#known(id).deletesInFlight += 1
  }

  /** A delete was answered with 200 or 404. */
  deleted(id: string, status: number): void {
    const file = this.#known(id)
    if (status === 200 && file.state === 'gone') this.faults.push(`${id} ended twice`)
    if (status === 404 && file.state === 'there' && file.deletesInFlight === 1) {
      this.faults.push(`${id} was not there to be deleted`)
    }
    file.deletesInFlight -= 1
    if (status === 200) file.state = 'gone'
  }

  /** Ids of files that were there when last heard of. */
  get there(): string[] {
    return [...this.#files].filter(([, file]) => file.state === 'there').map(([id]) => id)
  }

  get gone(): string[] {
    return [...this.#files].filter(([, file]) => file.state === 'gone').map(([id]) => id)
  }

  /**
   * Compares with what a server shows that has just begun. What was not answered may have happened or not;
   * from now on it has, or has not.
   */
  compare(listed: readonly FileObject[]): void {
    const seen = new Map(listed.map((file) => [file.id, file]))
    if (seen.size !== listed.length) this.faults.push('a file is listed twice')
    for (const [id, file] of this.#files) {
      const isListed = seen.has(id)
      if (file.state === 'gone' && isListed) this.faults.push(`${id} is there again`)
      if (file.state === 'there' && !isListed) {
        if (file.deletesInFlight > 0) file.state = 'gone'
        else this.faults.push(`${id} is lost`)
      }
      file.deletesInFlight = 0
    }
    for (const file of listed) {
      if (this.#files.has(file.id)) continue
      if (this.#uploading.has(file.filename)) this.uploaded(file)
      else this.faults.push(`${file.id} was never uploaded`)
    }
    this.#uploading.clear()
  }

  checkContent(id: string, content: Uint8Array): void {
    if (sha256Of(content) !== this.#known(id).sha256) {
      this.faults.push(`${id} has other content than was uploaded`)
    }
  }

  #known(id: string): Known {
    const file = this.#files.get(id)
    if (!file) throw new Error(`nobody knows ${id}`)
    return file
  }
}

function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
