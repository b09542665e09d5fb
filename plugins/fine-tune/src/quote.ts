/** A value for a message: in quotes, cut after 64 characters, control characters escaped. */
export function quote(value: string): string {
  const cut = value.length > 64 ? `${value.slice(0, 61)}...` : value
  const escaped = JSON.stringify(cut).slice(1, -1)
  return `'${escaped.replaceAll('\\"', '"').replaceAll('\\\\', '\\')}'`
}
