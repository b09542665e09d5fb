import type { Projection } from '@custody/event-log'
import { openUploadsBatch, type UploadsBatch } from './uploads-batch.ts'

/** Uploads and their parts, with what is derived from them alone: deadlines, usage and garbage of their own. */
export const uploadsProjection: Projection<UploadsBatch> = {
  name: 'uploads',
  version: 1,
  tables: [
    'uploads',
    'upload_parts',
    'upload_deadlines',
    'upload_usage',
    'upload_garbage',
  ],
  types: [
    'UploadCreated',
    'UploadPartAdded',
    'UploadCompleted',
    'UploadCancelled',
    'UploadExpired',
    'ContentDestroyed',
    'PrivateDataErased',
  ],

  async create(sql, table) {
    await sql.exec(`
      create table ${table('uploads')} (
        position integer primary key,
        id text not null,
        project text not null,
        version integer not null,
        purpose text not null,
        bytes integer not null,
        created_at integer not null,
        expires_at integer not null,
        file_expires_after integer,
        classification text,
        compliance_regime text,
        options text,
        filename text,
        metadata text,
        text_options text,
        declared_type text,
        part_count integer not null,
        part_bytes integer not null,
        ended_position integer,
        ended_at integer,
        ended_status text,
        file text,
        file_parts text,
        md5 text
      ) strict;
      create table ${table('upload_parts')} (
        upload text not null,
        position integer not null,
        id text not null,
        bytes integer not null,
        created_at integer not null,
        sha256 text,
        primary key (upload, position)
      ) strict, without rowid;
      create table ${table('upload_deadlines')} (
        due_at integer not null,
        upload text not null,
        primary key (due_at, upload)
      ) strict, without rowid;
      create table ${table('upload_usage')} (
        project text primary key,
        bytes integer not null
      ) strict, without rowid;
      create table ${table('upload_garbage')} (
        extent text primary key,
        upload text not null
      ) strict, without rowid;`)
  },

  async createIndexes() {},

  open: openUploadsBatch,
}
