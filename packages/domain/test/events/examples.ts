import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../corpus/', import.meta.url)

export type Example = {
  readonly type: string
  readonly schema: number
  readonly data: unknown
  readonly private: Readonly<Record<string, unknown>>
}

/** The bytes of every event in the corpus, by the name of its file. */
export function readCorpus(): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return new Map(names.sort().map((name) => [name, readFileSync(new URL(name, folder))]))
}

/** SHA256SUMS of the corpus: hex by the name of the file. */
export function readSums(): ReadonlyMap<string, string> {
  const lines = readFileSync(new URL('SHA256SUMS', folder), 'utf8').trimEnd().split('\n')
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]))
}

export function parseExample(bytes: Buffer): Example {
  return JSON.parse(bytes.toString())
}
