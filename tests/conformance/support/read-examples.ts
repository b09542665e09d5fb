import { readFileSync } from 'node:fs'

export type Example = {
  /** The heading under which it stands. */
  readonly heading: string
  /** `sh`, `js`, … */
  readonly language: string
  readonly code: string
}

/** The code blocks of a Markdown file, in order. */
export function readExamples(path: string): Example[] {
  const examples: Example[] = []
  let heading = ''
  let open: { language: string; lines: string[] } | undefined
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const fence = /^```(\w*)$/.exec(line)
    if (fence && open) {
      examples.push({
        heading,
        language: open.language,
        code: `${open.lines.join('\n')}\n`,
      })
      open = undefined
    } else if (fence) open = { language: fence[1] ?? '', lines: [] }
    else if (open) open.lines.push(line)
    else heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading
  }
  return examples
}
