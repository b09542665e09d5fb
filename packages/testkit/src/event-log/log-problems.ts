import { createHash } from 'node:crypto'
import type { EventRecord, LogReader } from '@custody/event-log'
import { type RawLog, readLog } from './read-log.ts'

/**
 * Recomputes everything that a log says of itself, with none of the log's own code: numbers, times, records,
 * hashes, commitments, frontiers, tiles. What it returns is empty for a log that is as it should be.
 *
 * `erased`: the private groups that are known to be gone, as `position group`.
 */
export async function logProblems(
  reader: LogReader,
  { erased = [] }: { readonly erased?: readonly string[] } = {},
): Promise<string[]> {
  const raw = await readLog(reader)
  const levels = merkleLevels(raw.events.map((row) => Buffer.from(row.leaf_hash)))
  return [
    ...numberProblems(raw),
    ...recordProblems(raw),
    ...privateProblems(raw, erased),
    ...frontierProblems(raw, levels),
    ...tileProblems(raw, levels),
  ].slice(0, 20)
}

function numberProblems({ events }: RawLog): string[] {
  const problems: string[] = []
  const seqs = new Map<string, number>()
  const versions = new Map<string, number>()
  const next = (counts: Map<string, number>, key: string) => {
    const number = (counts.get(key) ?? 0) + 1
    counts.set(key, number)
    return number
  }
  let time = ''
  for (const [index, row] of events.entries()) {
    const at = `event ${index + 1}`
    if (row.position !== index + 1) problems.push(`${at} has position ${row.position}`)
    if (row.seq !== next(seqs, row.project)) problems.push(`${at} has seq ${row.seq}`)
    if (row.version !== next(versions, row.stream)) {
      problems.push(`${at} has version ${row.version}`)
    }
    if (row.time <= time) problems.push(`${at} has time ${row.time} after ${time}`)
    time = row.time
  }
  return problems
}

function recordProblems({ events }: RawLog): string[] {
  const problems: string[] = []
  for (const row of events) {
    const at = `record ${row.position}`
    const record: EventRecord = JSON.parse(row.record)
    if (canonical(record) !== row.record) problems.push(`${at} is not canonical`)
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(record.time)) {
      problems.push(`${at} has time ${record.time}`)
    }
    const { v, id, on_behalf_of, causation, data, commit, ...columns } = record
    const { event_id, record: _, leaf_hash, ...stored } = row
    if (v !== 1 || id !== event_id || canonical(columns) !== canonical(stored)) {
      problems.push(`${at} is not what its columns say`)
    }
    const leaf = sha256(Buffer.of(0), Buffer.from(row.record))
    if (!leaf.equals(leaf_hash)) problems.push(`${at} has another leaf hash`)
  }
  return problems
}

function privateProblems(raw: RawLog, erased: readonly string[]): string[] {
  const problems: string[] = []
  const expected = new Map<string, string>()
  for (const row of raw.events) {
    const { commit }: EventRecord = JSON.parse(row.record)
    for (const [group, text] of Object.entries(commit)) {
      expected.set(`${row.position} ${group}`, text)
    }
  }
  const salts = new Set<string>()
  for (const { position, grp, salt, body } of raw.privates) {
    const at = `${position} ${grp}`
    const text = sha256(Buffer.from(salt), Buffer.from(body)).toString('base64')
    if (expected.get(at) !== text) problems.push(`private ${at} was not committed to`)
    if (canonical(JSON.parse(body)) !== body) problems.push(`${at} is not canonical`)
    if (salt.length !== 16)
      problems.push(`private ${at} has ${salt.length} bytes of salt`)
    salts.add(Buffer.from(salt).toString('hex'))
    expected.delete(at)
  }
  if (salts.size !== raw.privates.length) problems.push('a salt was used twice')
  if (String([...expected.keys()].sort()) !== String([...erased].sort())) {
    problems.push(`missing are ${[...expected.keys()]}, and not ${erased}`)
  }
  return problems
}

/** RFC 6962 in rows: `levels[h][i]` is the root of the i-th complete subtree of 2^h leaves. */
function merkleLevels(leaves: readonly Buffer[]): readonly (readonly Buffer[])[] {
  const levels = [leaves]
  for (let below = leaves; below.length > 1; ) {
    const level: Buffer[] = []
    for (let index = 0; index + 1 < below.length; index += 2) {
      const [left, right] = below.slice(index, index + 2)
      if (left && right) level.push(sha256(Buffer.of(1), left, right))
    }
    levels.push(level)
    below = level
  }
  return levels
}

function frontierProblems(raw: RawLog, levels: readonly (readonly Buffer[])[]): string[] {
  const problems: string[] = []
  for (const { position, frontier, time, writer_epoch } of raw.batches) {
    const peaks: Buffer[] = []
    let start = 0
    for (let height = levels.length - 1; height >= 0; height -= 1) {
      if (Math.floor(position / 2 ** height) % 2 === 0) continue
      peaks.push(levels[height]?.[start / 2 ** height] ?? Buffer.alloc(0))
      start += 2 ** height
    }
    if (!Buffer.concat(peaks).equals(frontier)) {
      problems.push(`batch ${position} has another frontier`)
    }
    if (time !== raw.events[position - 1]?.time)
      problems.push(`batch ${position}: ${time}`)
    if (writer_epoch !== 1) problems.push(`batch ${position} has epoch ${writer_epoch}`)
  }
  const last = raw.batches.at(-1)?.position
  if (last !== raw.events.length) problems.push(`the last batch ends at ${last}`)
  return problems
}

/** C2SP tlog-tiles: 256 hashes each. Of level 0, the full ones; of the others, what there is. */
function tileProblems(raw: RawLog, levels: readonly (readonly Buffer[])[]): string[] {
  const expected = new Map<string, Buffer>()
  for (let level = 0; 8 * level < levels.length; level += 1) {
    const hashes = levels[8 * level] ?? []
    for (let start = 0; start < hashes.length; start += 256) {
      const tile = hashes.slice(start, start + 256)
      if (level > 0 || tile.length === 256) {
        expected.set(`${level}/${start / 256}`, Buffer.concat(tile))
      }
    }
  }
  const problems: string[] = []
  for (const { level, idx, hashes } of raw.tiles) {
    const name = `${level}/${idx}`
    if (!expected.get(name)?.equals(hashes)) problems.push(`tile ${name} is another`)
    expected.delete(name)
  }
  if (expected.size > 0) problems.push(`missing are tiles ${[...expected.keys()]}`)
  return problems
}

/** RFC 8785 for what JSON.parse gives. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
  return `{${members.join()}}`
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
