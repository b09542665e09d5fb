/** JSONL of these values, with a line end after each. */
export function jsonl(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}

/** A good chat example; `messages` come before the assistant's answer. */
export function chat(...messages: object[]): { messages: object[] } {
  return { messages: [...messages, { role: 'assistant', content: 'Yes.' }] }
}

/** A user message. */
export function user(content: unknown): object {
  return { role: 'user', content }
}

/** A user message with these images. */
export function userWithImages(...urls: string[]): object {
  const images = urls.map((url) => ({ type: 'image_url', image_url: { url } }))
  return user([{ type: 'text', text: 'What is it?' }, ...images])
}

/** A data URL of this kind whose content begins as the kind's files do. */
export function dataUrl(kind: 'png' | 'jpeg' | 'webp', bytes = 64): string {
  const content = Buffer.alloc(bytes)
  if (kind === 'png') content.write('\x89PNG\r\n\x1a\n', 'latin1')
  else if (kind === 'jpeg') content.write('\xff\xd8\xff\xe0', 'latin1')
  else content.write('RIFF....WEBP', 'latin1')
  return `data:image/${kind};base64,${content.toString('base64')}`
}

/** A definition of a function without parameters. */
export function tool(name: string): object {
  return { type: 'function', function: { name, parameters: { type: 'object' } } }
}

/** An assistant message that calls this function. */
export function call(id: string, name: string, args: unknown = '{}'): object {
  return {
    role: 'assistant',
    tool_calls: [{ id, type: 'function', function: { name, arguments: args } }],
  }
}

/** The result of a tool call. */
export function result(tool_call_id: string, content = 'ok'): object {
  return { role: 'tool', tool_call_id, content }
}

/** A good preference example. */
export function preference(change: object = {}): object {
  return {
    input: { messages: [user('How cold is it?')] },
    preferred_output: [{ role: 'assistant', content: 'It is 18 °C.' }],
    non_preferred_output: [{ role: 'assistant', content: 'Not very.' }],
    ...change,
  }
}

/** A good reinforcement example. */
export function reinforcement(change: object = {}): object {
  return { messages: [user('Is it compliant?')], compliant: 'yes', ...change }
}
