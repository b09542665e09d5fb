import { type ErrorRow, errorTable } from '../../src/index.ts'

/** docs/errors.md, as the error table says it. */
export function errorsPage(): string {
  const rows: [string, ErrorRow][] = Object.entries(errorTable)
  const lines = rows.map(([key, { code, status, type, retry, about }]) => {
    const shown = code === null ? '`null`' : `\`${code}\``
    const again = retry === false ? 'no' : ''
    return `| \`${key}\` | ${shown} | ${status} | \`${type}\` | ${again} | ${about} |`
  })
  return `# Errors

Every error that Custody answers, or prints on the command line, is a row here. On the wire it is

\`\`\`json
{ "error": { "message": "…", "type": "invalid_request_error", "param": "purpose", "code": "invalid_value" } }
\`\`\`

- **Key** is the name in the service's own log and in the code. Where **code** is \`null\`, OpenAI's own answer has none either.
- **Status** is that of the \`openai\` dialect; another dialect may answer another one for a code.
- **Retry** is \`no\` where the answer has \`x-should-retry: false\`: the SDKs would ask again on their own for such a status, in vain.
- A validator's refusal (\`validation_failed\`) shows the code and the param of its first issue; the plugin's page lists its codes.

| Key | Code | Status | Type | Retry | When |
|---|---|---|---|---|---|
${lines.join('\n')}
`
}
