import { type Dirent, lstatSync, type Stats, statSync } from 'node:fs'
import { glob, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CustodyError, quote } from '@custody/domain/errors'

export type FoundFile = {
  readonly path: string
  /** As a person would type it in the folder where they are. */
  readonly shown: string
}

/**
 * The files that arguments of a command name, each once: a file, a folder with all that is in it where `recursive`
 * says so, or a pattern that the shell has left to us. A name that is there is never taken for a pattern.
 *
 * @throws CustodyError `invalid_value` for the first argument that names no file
 */
export async function findLocalFiles(
  args: readonly string[],
  { cwd, recursive }: { readonly cwd: string; readonly recursive: boolean },
): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>()
  for (const arg of args) {
    const matches = lookAt(resolve(cwd, arg)) ? [arg] : await matching(arg, cwd)
    // Folders that a pattern names beside files are passed over, as nobody has typed their names
    const isPattern = !(matches.length === 1 && matches[0] === arg)
    const before = found.size
    let isKnown = false
    for (const shown of matches) {
      for await (const file of filesIn(shown, { cwd, recursive, isPattern })) {
        if (found.has(file.path)) isKnown = true
        else found.set(file.path, file)
      }
    }
    if (found.size === before && !isKnown) throw nothingFor(arg, isPattern, recursive)
  }
  return [...found.values()]
}

async function* filesIn(
  shown: string,
  how: { readonly cwd: string; readonly recursive: boolean; readonly isPattern: boolean },
): AsyncIterable<FoundFile> {
  const path = resolve(how.cwd, shown)
  const stats = lookAt(path)
  if (stats?.isFile()) yield { path, shown }
  else if (stats?.isDirectory() && how.recursive) {
    // A pattern may match a link to the folder that it is in
    if (!how.isPattern || lstatSync(path).isDirectory()) yield* filesBelow(path, shown)
  } else if (stats?.isDirectory() && !how.isPattern) {
    throw new CustodyError(
      'invalid_value',
      `${quote(shown)} is a folder: --recursive puts the files in it and below it.`,
    )
  } else if (!how.isPattern) {
    throw new CustodyError('invalid_value', `${quote(shown)} is no file.`)
  }
}

/** In the order of their names. Links to files count as files; those to folders are not followed. */
async function* filesBelow(path: string, shown: string): AsyncIterable<FoundFile> {
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CustodyError(
      'invalid_value',
      `The folder ${quote(shown)} cannot be read: ${reason}`,
      { cause },
    )
  })
  entries.sort(byName)
  for (const entry of entries) {
    const below = { path: join(path, entry.name), shown: join(shown, entry.name) }
    if (entry.isDirectory()) yield* filesBelow(below.path, below.shown)
    else if (entry.isFile() || lookAt(below.path)?.isFile()) yield below
  }
}

const byName = (a: Dirent, b: Dirent) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

async function matching(pattern: string, cwd: string): Promise<string[]> {
  if (!/[*?[{]/.test(pattern)) return []
  const found: string[] = []
  for await (const match of glob(pattern, { cwd })) found.push(match)
  return found.sort()
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

function nothingFor(arg: string, isPattern: boolean, recursive: boolean): CustodyError {
  const isGlob = isPattern && /[*?[{]/.test(arg)
  return new CustodyError(
    'invalid_value',
    isGlob
      ? `No file matches ${quote(arg)}.`
      : isPattern
        ? `There is no file ${quote(arg)}.`
        : `There is no file in ${quote(arg)}${recursive ? ' or below it' : ''}.`,
  )
}
