import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const MEBIBYTES = 1024
const CHUNK = new Uint8Array(64 * 1024)

/**
 * Writes a file to the page cache and removes it, so that the pages of the next files are ones that the kernel has just
 * had in its hands.
 *
 * In a virtual machine free memory may be the host's (`page_reporting` in the guest), and the first write to each page
 * of it waits for the host: 512 MiB took 1,300 to 2,000 ms to be copied into the page cache, and 100 ms of warm memory.
 * Large writes come to it sooner than small ones, so it does not slow down all contenders alike. On other machines this
 * takes a quarter of a second.
 */
export function warmMemory(folder: string): void {
  const path = join(folder, 'warm')
  const file = openSync(path, 'w')
  for (let bytes = 0; bytes < MEBIBYTES * 2 ** 20; bytes += CHUNK.length) {
    writeSync(file, CHUNK)
  }
  closeSync(file)
  rmSync(path)
}
