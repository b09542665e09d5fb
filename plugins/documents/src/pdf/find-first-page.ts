import type { PdfDocument } from './pdf-document.ts'
import {
  complexPdf,
  invalidPdf,
  isArray,
  isCount,
  isDictionary,
  type PdfDictionary,
  type PdfObject,
  PdfReference,
  unlessInvalid,
} from './pdf-object.ts'

/** A tree of one level has its first page behind the first branch. */
const MAX_NODES = 10_000

/**
 * Walks from the catalog to the first page, ISO 32000-1, 7.7.3. Gives the number of pages that the root of the
 * tree tells, or undefined when it tells none.
 *
 * @throws DocumentFault when no page can be reached
 * @throws LockedObject
 */
export async function findFirstPage(
  document: PdfDocument,
  trailer: PdfDictionary,
): Promise<number | undefined> {
  const catalog = await document.resolve(trailer.get('Root'))
  if (!isDictionary(catalog)) throw invalidPdf('its catalog is no dictionary')
  const root = await document.resolve(catalog.get('Pages'))
  if (!isDictionary(root)) throw invalidPdf('its catalog names no page tree')
  const seen = new Set<number>()
  const branches = [branchOf(root)]
  for (let nodes = 0; nodes < MAX_NODES; nodes += 1) {
    const branch = branches.at(-1)
    if (branch === undefined) throw invalidPdf('no page of its page tree can be reached')
    const kid = branch.next()
    if (kid.done === true) {
      branches.pop()
      continue
    }
    if (kid.value instanceof PdfReference) {
      if (seen.has(kid.value.number)) continue
      seen.add(kid.value.number)
    }
    const node = await document.resolve(kid.value).catch(unlessInvalid)
    if (!isDictionary(node)) continue
    if (isPage(node)) return pagesOf(root)
    branches.push(branchOf(node))
  }
  throw complexPdf(`no page is among the first ${MAX_NODES} nodes of its page tree`)
}

/** Some writers have a document of one page without a tree. */
function branchOf(node: PdfDictionary): Iterator<PdfObject> {
  const kids = node.get('Kids')
  return (isArray(kids) ? kids : isPage(node) ? [node] : []).values()
}

/** Some writers leave the type out. */
function isPage(node: PdfDictionary): boolean {
  const type = node.get('Type')
  return type === 'Page' || (type !== 'Pages' && !node.has('Kids'))
}

function pagesOf(root: PdfDictionary): number | undefined {
  if (isPage(root)) return 1
  const count = root.get('Count')
  return isCount(count) && count > 0 ? count : undefined
}
