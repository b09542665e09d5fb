import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'

/** Pages that are read at once. */
const CHUNK = 128

/** What the pointer map says of a page: https://sqlite.org/fileformat2.html#pointer_map_or_ptrmap_pages */
const PTRMAP_ROOT = 1
const PTRMAP_BTREE = 5

const BTREE_TYPES: ReadonlySet<number> = new Set([0x02, 0x05, 0x0a, 0x0d])

/** Below so many pages no page number, with which an overflow page begins, looks like the type of a b-tree page. */
const PLAIN_PAGES = 0x0200_0000

/**
 * Overwrites with zeros what no row has in the b-tree pages of a database file: the bytes between the pointers of a
 * page and its cells.
 *
 * `secure_delete` overwrites what is deleted, and not the copies that SQLite leaves in a page when it moves cells to
 * another one, as each split of a page does: in a trial, of 400 rows that were deleted among 3,000, two could be
 * found in the file still. See docs/decisions/0017-gaps-are-zeroed.md.
 */
export interface GapFile {
  /** Pages of the file. */
  pages(): number
  /**
   * Zeroes the gaps from page `from` (1-based) on, until `done` says so. The file must be the whole database:
   * nothing in the write-ahead log, and nobody writes. Returns the next page, or null after the last; what it wrote
   * is on disk then. Cut short at any point it leaves a database that is as good as before.
   */
  zero(from: number, done: () => boolean): number | null
  close(): void
}

/**
 * Opens the file. It is not to be closed before the connections of this process are: closing any descriptor
 * of a file gives up the locks that the process has on it (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
 */
export function openGapFile(path: string): GapFile {
  const file = openSync(path, 'r+')

  function layout() {
    const header = Buffer.alloc(100)
    readSync(file, header, 0, 100, 0)
    const size = header.readUInt16BE(16)
    const pageSize = size === 1 ? 65_536 : size
    return {
      pageSize,
      usable: pageSize - header.readUInt8(20),
      hasPointerMap: header.readUInt32BE(52) !== 0,
      pages: Math.floor(fstatSync(file).size / pageSize),
    }
  }

  return {
    pages: () => layout().pages,
    zero(from, done) {
      const { pageSize, usable, hasPointerMap, pages } = layout()
      const isBtree = hasPointerMap
        ? pointerMap(file, pageSize, usable)
        : () => pages < PLAIN_PAGES
      const chunk = Buffer.alloc(CHUNK * pageSize)
      const zeros = Buffer.alloc(pageSize)
      let next = Math.max(1, from)
      let wrote = false
      while (next <= pages) {
        const count = Math.min(CHUNK, pages - next + 1)
        readSync(file, chunk, 0, count * pageSize, (next - 1) * pageSize)
        for (let index = 0; index < count; index += 1) {
          const page = chunk.subarray(index * pageSize, index * pageSize + usable)
          const number = next + index
          if (number > 1 && !isBtree(number)) continue
          const gap = gapOf(page, number === 1 ? 100 : 0)
          if (!gap) continue
          const [start, end] = gap
          if (page.compare(zeros, 0, end - start, start, end) === 0) continue
          const offset = (number - 1) * pageSize + start
          writeSync(file, zeros, 0, end - start, offset)
          wrote = true
        }
        next += count
        if (done()) break
      }
      if (wrote) fdatasyncSync(file)
      return next > pages ? null : next
    },
    close: () => closeSync(file),
  }
}

/** Start and end of what lies between the pointers and the cells; undefined where the page is no b-tree page. */
function gapOf(page: Buffer, header: number): readonly [number, number] | undefined {
  const type = page.readUInt8(header)
  if (!BTREE_TYPES.has(type)) return undefined
  const isLeaf = type >= 0x0a
  const cells = page.readUInt16BE(header + 3)
  const start = header + (isLeaf ? 8 : 12) + 2 * cells
  const end = page.readUInt16BE(header + 5) || 65_536
  return start < end && end <= page.length ? [start, end] : undefined
}

/** Tells b-tree pages from others, as the database itself does. */
function pointerMap(
  file: number,
  pageSize: number,
  usable: number,
): (page: number) => boolean {
  const covered = Math.floor(usable / 5) + 1
  // SQLite never uses the page that holds the bytes it locks.
  const lockPage = Math.floor(0x4000_0000 / pageSize) + 1
  const map = Buffer.alloc(usable)
  let loaded = 0
  return (page) => {
    let mapPage = Math.floor((page - 2) / covered) * covered + 2
    if (mapPage === lockPage) mapPage += 1
    if (page <= mapPage || page === lockPage) return false
    if (loaded !== mapPage) {
      readSync(file, map, 0, usable, (mapPage - 1) * pageSize)
      loaded = mapPage
    }
    const type = map.readUInt8(5 * (page - mapPage - 1))
    return type === PTRMAP_ROOT || type === PTRMAP_BTREE
  }
}
