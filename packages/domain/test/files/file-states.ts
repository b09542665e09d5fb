import type { FileState } from '../../src/index.ts'

/** 2026-01-01T00:00:00.9Z, in microseconds and in seconds. */
export const NOW = 1_767_225_600_900_000
export const SECONDS = 1_767_225_600

/** A file that has been there for a second. */
export const liveFile: FileState = {
  id: 'f1',
  project: 'north',
  position: 7,
  seq: 3,
  version: 1,
  purpose: 'batch',
  bytes: 100,
  createdAt: NOW - 1_000_000,
  expiresAt: null,
  expiryPolicy: null,
  retainUntil: null,
  holds: [],
  filename: 'a.jsonl',
  metadata: null,
  classification: null,
  complianceRegime: null,
  sha256: 'a'.repeat(64),
  extents: [],
  damaged: [],
  ended: null,
}
