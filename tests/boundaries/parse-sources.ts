import {
  isBindingElement,
  isCallExpression,
  isElementAccessExpression,
  isExportDeclaration,
  isExternalModuleReference,
  isIdentifier,
  isImportDeclaration,
  isImportEqualsDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isMetaProperty,
  isObjectBindingPattern,
  isPropertyAccessExpression,
  isStringLiteralLikeNode,
  isVariableDeclaration,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { createVirtualFileSystem } from 'typescript/unstable/fs'
import { API } from 'typescript/unstable/sync'

export type Source = {
  /** From the root of the repository, with slashes: `packages/domain/src/index.ts`. */
  readonly path: string
  readonly text: string
}

/** One mention of another module, by whatever syntax. */
export type Reference = {
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly specifier: string
  /** Nothing of it is left at run time. */
  readonly typeOnly: boolean
}

/** One use of `process.env`. */
export type EnvironmentUse = { readonly path: string; readonly line: number }

export type ParsedSources = {
  readonly references: readonly Reference[]
  readonly environmentUses: readonly EnvironmentUse[]
}

/**
 * Reads what sources import and where they touch the environment, with the parser of the
 * compiler itself. Its API is marked unstable, and the lockfile pins the compiler.
 */
export function parseSources(sources: readonly Source[]): ParsedSources {
  const references: Reference[] = []
  const environmentUses: EnvironmentUse[] = []
  const config = {
    compilerOptions: { noEmit: true, noLib: true, noResolve: true, types: [] },
    files: sources.map(({ path }) => path),
  }
  const files = Object.fromEntries(sources.map(({ path, text }) => [`/${path}`, text]))
  const fs = createVirtualFileSystem({
    ...files,
    '/tsconfig.json': JSON.stringify(config),
  })

  const api = new API({ cwd: '/', fs })
  try {
    const snapshot = api.updateSnapshot({ openProject: '/tsconfig.json' })
    const program = snapshot.getProject('/tsconfig.json')?.program
    for (const { path } of sources) {
      const file = program?.getSourceFile(`/${path}`)
      if (file === undefined) throw new Error(`${path} could not be parsed`)
      walk(file, (node) => {
        const specifier = specifierOf(node)
        if (specifier !== undefined && isStringLiteralLikeNode(specifier)) {
          references.push({
            path,
            line: lineOf(file, specifier),
            specifier: specifier.text,
            typeOnly: isTypeOnly(node),
          })
        }
        if (readsEnvironment(node)) {
          environmentUses.push({ path, line: lineOf(file, node) })
        }
      })
    }
  } finally {
    api.close()
  }
  return { references, environmentUses }
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node)
  node.forEachChild((child) => walk(child, visit))
}

function lineOf(file: SourceFile, node: Node): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1
}

function specifierOf(node: Node): Node | undefined {
  if (isImportDeclaration(node) || isExportDeclaration(node)) return node.moduleSpecifier
  if (isExternalModuleReference(node)) return node.expression
  if (isImportTypeNode(node)) {
    return isLiteralTypeNode(node.argument) ? node.argument.literal : undefined
  }
  if (isCallExpression(node) && namesModule(node.expression)) return node.arguments[0]
  return undefined
}

/** Whether a call of this takes a module specifier. */
function namesModule(callee: Node): boolean {
  if (callee.kind === SyntaxKind.ImportKeyword) return true
  if (isNamed(callee, 'require')) return true
  return (
    isPropertyAccessExpression(callee) &&
    callee.name.text === 'resolve' &&
    (isMetaProperty(callee.expression) || isNamed(callee.expression, 'require'))
  )
}

function isTypeOnly(node: Node): boolean {
  if (isImportDeclaration(node)) {
    return node.importClause?.phaseModifier === SyntaxKind.TypeKeyword
  }
  if (isExportDeclaration(node)) return node.isTypeOnly
  if (isExternalModuleReference(node)) {
    return isImportEqualsDeclaration(node.parent) && node.parent.isTypeOnly
  }
  return isImportTypeNode(node)
}

function readsEnvironment(node: Node): boolean {
  if (isPropertyAccessExpression(node)) {
    return node.name.text === 'env' && isProcess(node.expression)
  }
  if (isElementAccessExpression(node)) {
    const key = node.argumentExpression
    return (
      isStringLiteralLikeNode(key) && key.text === 'env' && isProcess(node.expression)
    )
  }
  if (isVariableDeclaration(node) && isObjectBindingPattern(node.name)) {
    if (node.initializer === undefined || !isProcess(node.initializer)) return false
    return node.name.elements.some(takesEnvironment)
  }
  return false
}

/** Whether `env` is what this part of `const { … } = process` takes; `...rest` takes it too. */
function takesEnvironment(element: Node): boolean {
  if (!isBindingElement(element)) return false
  if (element.dotDotDotToken !== undefined) return true
  const key = element.propertyName ?? element.name
  return key !== undefined && isNamed(key, 'env')
}

/** `process`, or `process` of something (`globalThis`). */
function isProcess(node: Node): boolean {
  return (
    isNamed(node, 'process') ||
    (isPropertyAccessExpression(node) && node.name.text === 'process')
  )
}

function isNamed(node: Node, name: string): boolean {
  return isIdentifier(node) && node.text === name
}
