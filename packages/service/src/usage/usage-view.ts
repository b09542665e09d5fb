import type { UsageRow } from '@custody/file-index'

/** What the live files of a project take: logical bytes, whatever the stored ones are. */
export type StoredUsage = {
  readonly bytes: number
  readonly files: number
  readonly byPurpose: Readonly<
    Record<string, { readonly bytes: number; readonly files: number }>
  >
}

export type UsageView = StoredUsage & {
  /** Bytes of running uploads that are held against the quota; 0 where there is none. */
  readonly reservedBytes: number
  /** null: any number of bytes. */
  readonly quotaBytes: number | null
}

/** Purposes that no live file has are left out. */
export function sumUsage(rows: readonly UsageRow[]): StoredUsage {
  const used = rows.filter((row) => row.files > 0)
  return {
    bytes: used.reduce((sum, row) => sum + row.bytes, 0),
    files: used.reduce((sum, row) => sum + row.files, 0),
    byPurpose: Object.fromEntries(
      used.map(({ purpose, bytes, files }) => [purpose, { bytes, files }]),
    ),
  }
}
