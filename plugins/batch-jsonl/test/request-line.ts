/** A good request line for `/v1/chat/completions`, as an object; `change` replaces keys of it. */
export function request(n: number, change: Record<string, unknown> = {}) {
  return {
    custom_id: `request-${n}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: `Hello ${n}` }] },
    ...change,
  }
}

/** JSONL of these values, with a line end after each. */
export function jsonl(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}
