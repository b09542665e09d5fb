import { readFile } from 'node:fs/promises'
import t from 'tap'
import { allTypes } from '../src/file-types.ts'
import { issueCodes } from '../src/issue-codes.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')

/** The rows of the table under a heading, as cells without code quotes. */
function rowsOf(heading: string): string[][] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  const rows = [...(section ?? '').matchAll(/^\| (`.*) \|$/gm)]
  return rows.map(([, row = '']) =>
    row.split('|').map((cell) => cell.trim().replaceAll('`', '')),
  )
}

t.test('the README explains every code, and no other', async (t) => {
  t.strictSame(
    rowsOf('Codes').map(([code]) => code),
    issueCodes,
  )
})

t.test('the README lists every type with its size', async (t) => {
  const listed = rowsOf('Types').map(([extension, mediaType, size]) => [
    extension,
    mediaType,
    size,
  ])
  const known = Object.entries(allTypes).map(([extension, { mediaType, maxBytes }]) => [
    extension,
    mediaType,
    `${maxBytes / 2 ** 20} MiB`,
  ])
  t.strictSame(listed, known)
})
