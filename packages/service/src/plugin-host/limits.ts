import type { PluginHostLimits } from './types.ts'

const MiB = 1024 * 1024

export const defaultLimits: PluginHostLimits = {
  idleMs: 10_000,
  totalMs: 30_000,
  totalMsPerMiB: 1000,
  memoryBytes: 256 * MiB,
  graceMs: 1000,
  startMs: 30_000,
}

/** How long a file of this size may take in all, in milliseconds. */
export function totalDeadline(limits: PluginHostLimits, bytes: number): number {
  return limits.totalMs + (limits.totalMsPerMiB * bytes) / MiB
}
