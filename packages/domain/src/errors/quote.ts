/** A value as error messages show it: single quotes, cut to 64 characters, control characters escaped. */
export function quote(value: unknown): string {
  const text =
    typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  const cut = text.length > 64 ? `${text.slice(0, 61)}...` : text
  return `'${JSON.stringify(cut).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\')}'`
}
