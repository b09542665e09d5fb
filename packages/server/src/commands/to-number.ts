/** What is no number stays text, and the check of the settings refuses it by name. */
export function toNumber(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text
}
