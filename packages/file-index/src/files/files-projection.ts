import type { Projection } from '@custody/event-log'
import { type FilesBatch, openFilesBatch } from './files-batch.ts'

/** Files with what is derived from them alone: usage, deadlines and the garbage queue. */
export const filesProjection: Projection<FilesBatch> = {
  name: 'files',
  version: 4,
  tables: ['files', 'usage', 'deadlines', 'garbage'],
  types: [
    'FileUploaded',
    'FileHeld',
    'FileReleased',
    'FileDamaged',
    'FileRepaired',
    'FileDeleted',
    'FileExpired',
    'FileErased',
    'PrivateDataErased',
    'ContentDestroyed',
  ],

  async create(sql, table) {
    await sql.exec(`
      create table ${table('files')} (
        position integer primary key,
        id text not null,
        project text not null,
        seq integer not null,
        version integer not null,
        purpose text not null,
        bytes integer not null,
        created_at integer not null,
        expires_at integer,
        expiry_policy text,
        retain_until integer,
        holds text,
        kept_until integer not null,
        effective_expires_at integer,
        filename text,
        metadata text,
        classification text,
        compliance_regime text,
        sha256 text,
        extents text not null,
        damaged text,
        ended_position integer,
        ended_seq integer,
        ended_at integer,
        ended_reason text
      ) strict;
      create table ${table('usage')} (
        project text not null,
        purpose text not null,
        files integer not null,
        bytes integer not null,
        primary key (project, purpose)
      ) strict, without rowid;
      create table ${table('deadlines')} (
        due_at integer not null,
        file text not null,
        primary key (due_at, file)
      ) strict, without rowid;
      create table ${table('garbage')} (
        extent text primary key,
        file text not null
      ) strict, without rowid;`)
  },

  async createIndexes(sql, table) {
    const files = table('files')
    await sql.exec(`
      create index ${files}_damaged on ${files} (position)
        where damaged is not null and ended_position is null;
      create index ${files}_live on ${files} (project, seq) where ended_position is null;
      create index ${files}_live_by_purpose on ${files} (project, purpose, seq)
        where ended_position is null;
      ${labelIndexes.map((columns) => labelIndex(files, columns)).join('')}`)
  },

  open: openFilesBatch,
}

/** Every set of filters with a label in it has an index: a page costs the same, however few files they leave. */
const labelIndexes = [
  ['classification'],
  ['compliance_regime'],
  ['classification', 'compliance_regime'],
  ['purpose', 'classification'],
  ['purpose', 'compliance_regime'],
  ['purpose', 'classification', 'compliance_regime'],
] as const

/** It has only files with those labels, so that others cost nothing. */
function labelIndex(files: string, columns: readonly string[]): string {
  const labels = columns.filter((column) => column !== 'purpose')
  return `
    create index ${files}_live_by_${columns.join('_and_')}
      on ${files} (project, ${columns.join(', ')}, seq)
      where ended_position is null and ${labels.map((label) => `${label} is not null`).join(' and ')};`
}
