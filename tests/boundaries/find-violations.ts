import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { parseSources, type Reference, type Source } from './parse-sources.ts'
import { arrows, environmentReaders, owners, pure } from './rules.ts'

/** What the check needs of a `package.json`. */
export type Manifest = {
  readonly name: string
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export type Workspace = {
  /** By folder: `packages/domain`, `plugins/general`. */
  readonly manifests: ReadonlyMap<string, Manifest>
  readonly sources: readonly Source[]
}

type Package = {
  readonly folder: string
  /** What the rules call it: its folder's name, or `plugins`. */
  readonly role: string
  readonly manifest: Manifest
}

/** Every breach of the rules, as `file:line from → to: why`, in the order of the sources. */
export function findViolations(workspace: Workspace): string[] {
  const packages = [...workspace.manifests].map(toPackage)
  const { references, environmentUses } = parseSources(workspace.sources)
  const violations: string[] = []

  for (const { folder, role } of packages) {
    if (rowOf(arrows, role) === undefined) {
      violations.push(`${folder}: no rule says what it may import`)
    }
  }
  for (const reference of references) {
    const { path, line, specifier } = reference
    const from = packageOf(path, packages)
    for (const why of objectionsTo(reference, from, packages)) {
      violations.push(`${path}:${line} ${from.manifest.name} → ${specifier}: ${why}`)
    }
  }
  for (const { path, line } of environmentUses) {
    const from = packageOf(path, packages)
    if (!environmentReaders.includes(from.role)) {
      const arrow = `${from.manifest.name} → process.env`
      violations.push(`${path}:${line} ${arrow}: only server reads the environment`)
    }
  }
  return violations
}

function toPackage([folder, manifest]: readonly [string, Manifest]): Package {
  const role = folder.startsWith('plugins/') ? 'plugins' : posix.basename(folder)
  return { folder, role, manifest }
}

function packageOf(path: string, packages: readonly Package[]): Package {
  const found = packages.find(({ folder }) => path.startsWith(`${folder}/`))
  if (found === undefined) throw new Error(`${path} is in no package`)
  return found
}

function objectionsTo(
  reference: Reference,
  from: Package,
  packages: readonly Package[],
): string[] {
  const { specifier, path } = reference
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier)
    return target.startsWith(`${from.folder}/`) ? [] : ['leaves its package']
  }
  if (isBuiltin(specifier)) return objectionsToBuiltin(specifier, from)

  const { name, entry } = splitSpecifier(specifier)
  const objections: string[] = []
  if (!isDeclared(name, from.manifest)) objections.push('not in its package.json')
  const to = packages.find(({ manifest }) => manifest.name === name)
  if (to === undefined) objections.push(...objectionsToOwned(name, from))
  else objections.push(...objectionsToArrow(from, to, entry, reference.typeOnly))
  return objections
}

function objectionsToBuiltin(specifier: string, from: Package): string[] {
  const name = specifier.startsWith('node:') ? specifier : `node:${specifier}`
  const allowed = rowOf(pure, from.role)
  if (allowed !== undefined && !allowed.includes(name)) {
    return [`of Node, ${from.role} may import ${allowed.join(', ')} only`]
  }
  return objectionsToOwned(name, from)
}

function objectionsToOwned(name: string, from: Package): string[] {
  const allowed = rowOf(owners, name)
  if (allowed === undefined || allowed.includes(from.role)) return []
  return [`only ${allowed.join(' and ')} may import it`]
}

function objectionsToArrow(
  from: Package,
  to: Package,
  entry: string,
  typeOnly: boolean,
): string[] {
  const objections: string[] = []
  if (!isExported(entry, to.manifest)) {
    objections.push('bypasses the exports of its package')
  }
  const row = rowOf(arrows, from.role) ?? []
  if (!row.some((way) => permits(way, to.role, entry, typeOnly))) {
    const list = row.length === 0 ? 'nothing of ours' : row.join(', ')
    objections.push(`${from.role} may import ${list}`)
  }
  return objections
}

/** Whether an entry of a row of {@link arrows} covers this import. */
function permits(way: string, role: string, entry: string, typeOnly: boolean): boolean {
  if (way === '*') return role !== 'testkit'
  if (way === `type ${role}`) return typeOnly
  return way === role || way === `${role}/${entry.slice(2)}`
}

// A module may be called `toString`.
function rowOf(
  table: Readonly<Record<string, readonly string[]>>,
  key: string,
): readonly string[] | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}

function splitSpecifier(specifier: string): { name: string; entry: string } {
  const parts = specifier.split('/')
  const count = specifier.startsWith('@') ? 2 : 1
  return {
    name: parts.slice(0, count).join('/'),
    entry: ['.', ...parts.slice(count)].join('/'),
  }
}

function isDeclared(name: string, manifest: Manifest): boolean {
  return [
    manifest.dependencies,
    manifest.peerDependencies,
    manifest.optionalDependencies,
    manifest.devDependencies,
  ].some((list) => list !== undefined && Object.hasOwn(list, name))
}

function isExported(entry: string, manifest: Manifest): boolean {
  return manifest.exports !== undefined && Object.hasOwn(manifest.exports, entry)
}
