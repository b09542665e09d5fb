const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `35.2 MiB`, `512 B` */
export function showBytes(bytes: number): string {
  let amount = bytes
  let unit = 0
  for (; amount >= 1024 && unit < units.length - 1; unit += 1) amount /= 1024
  return `${unit === 0 ? Math.floor(amount) : amount.toFixed(1)} ${units[unit]}`
}

/** `2026-01-31T23:59:59Z` */
export function showSeconds(seconds: number | null): string {
  return seconds === null
    ? '-'
    : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
