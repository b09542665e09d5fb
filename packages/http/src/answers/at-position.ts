/** Says at which position of the project's history an answer is, or which one it made. */
export function atPosition(position: string): Readonly<Record<string, string>> {
  return { 'x-custody-position': position }
}
