import { BatchReader } from '../../batch/batch-reader.js'
import type { FileSystem } from '../../fs/file-system.js'
import { expiryBytes } from '../../key/expiry.js'
import { ValueKind } from '../../key/value-kind.js'
import { LogPurpose, recordHeaderBytes } from '../../log/log-format.js'
import { LogReader } from '../../log/log-reader.js'
import { blockFrame } from '../../sstable/salvage/block-check.js'
import { CodecRegistry } from '../../sstable/block/codec.js'
import { EntryPlace } from '../../sstable/block/entry-place.js'
import { TolerantTable } from '../../sstable/salvage/tolerant-table.js'
import { parseFileName } from '../../store/file-names.js'
import { currentManifest } from '../directory/manifest-view.js'
import { readBytes, samplePath } from '../../testing/harness/sample-database.js'

/**
 * Something that was written, and the bytes that hold it: a block of a table, a record of a log.
 */
export interface StoredRecord {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly sequence: number
  readonly kind: number
  /** latin1; of a range delete its start. */
  readonly key: string
  /** Of a range delete its end; undefined: none. */
  readonly value: Buffer | undefined
}

interface TableFacts {
  readonly file: string
  readonly maxSequence: number
  readonly propertiesStart: number
  readonly propertiesEnd: number
}

/** Everything in the files of an undamaged database. */
export interface Contents {
  readonly records: readonly StoredRecord[]
  readonly tables: readonly TableFacts[]
  readonly lastSequence: number
}

export function contentsOf(fs: FileSystem): Contents {
  const manifest = currentManifest(fs, samplePath)
  const records: StoredRecord[] = []
  const tables: TableFacts[] = []
  for (const name of fs.list(samplePath)) {
    const file = parseFileName(name)
    if (file?.kind === 'table' && manifest.tables.has(file.number)) {
      tables.push(readTable(fs, name, records))
    } else if (file?.kind === 'log' && file.number >= manifest.logNumber) {
      readLog(fs, name, file.number, records)
    }
  }
  return { records, tables, lastSequence: manifest.lastSequence }
}

/**
 * Whether the bytes of a record still are somewhere: at the same place in a file, whatever its
 * name. `files`: the content of all files now.
 */
export function survives(
  { file, start, end }: Pick<StoredRecord, 'file' | 'start' | 'end'>,
  before: ReadonlyMap<string, Buffer>,
  files: readonly Buffer[],
): boolean {
  const bytes = before.get(file)!.subarray(start, end)
  return files.some((now) => now.length >= end && now.subarray(start, end).equals(bytes))
}

/**
 * The view of a reader of exactly these records, before any of them expires: of each key
 * the newest, unless it is deleted.
 */
export function visibleIn(records: readonly StoredRecord[]): Map<string, Buffer> {
  const newest = new Map<string, StoredRecord>()
  const ranges = records.filter(({ kind }) => kind === ValueKind.rangeDelete)
  for (const record of records) {
    if (record.kind === ValueKind.rangeDelete) continue
    const other = newest.get(record.key)
    if (other === undefined || other.sequence < record.sequence) newest.set(record.key, record)
  }
  const visible = new Map<string, Buffer>()
  for (const [key, { kind, sequence, value }] of newest) {
    const isCovered = ranges.some(
      (range) =>
        range.sequence > sequence &&
        range.key <= key &&
        (range.value === undefined || key < range.value.toString('latin1')),
    )
    if (isCovered) continue
    if (kind === ValueKind.put) visible.set(key, value!)
    else if (kind === ValueKind.putWithExpiry) visible.set(key, value!.subarray(expiryBytes))
  }
  return visible
}

export function allBytes(fs: FileSystem): Map<string, Buffer> {
  const names = fs.list(samplePath).filter((name) => parseFileName(name) !== undefined)
  return new Map(names.map((name) => [name, readBytes(fs, name)]))
}

function readTable(fs: FileSystem, name: string, records: StoredRecord[]): TableFacts {
  const file = fs.openForRead(`${samplePath}/${name}`)
  const table = new TolerantTable(file, new CodecRegistry())
  const { handles, properties, tombstones } = table
  const { baseSequence, maxSequence } = properties!
  const entry = new EntryPlace()
  for (const { offset, sizeBytes, check } of table.blocks()) {
    const { payload } = check
    const { entriesEnd } = blockFrame(payload)!
    const place = { file: name, start: offset, end: offset + sizeBytes }
    for (let at = 0; at < entriesEnd; at = entry.valueEnd) {
      entry.decode(payload, at, entriesEnd)
      const { kind, keyStart, keyEnd, valueEnd, sequenceDelta } = entry
      records.push({
        ...place,
        sequence: baseSequence + sequenceDelta,
        kind,
        key: payload.toString('latin1', keyStart, keyEnd),
        value: Buffer.from(payload.subarray(keyEnd, valueEnd)),
      })
    }
  }
  file.close()
  const { offset, sizeBytes } = handles!.rangeDelete
  for (const { start, end, sequence } of tombstones!) {
    records.push({
      file: name,
      start: offset,
      end: offset + sizeBytes,
      sequence,
      kind: ValueKind.rangeDelete,
      key: Buffer.from(start).toString('latin1'),
      value: end === null ? undefined : Buffer.from(end),
    })
  }
  const { offset: propertiesStart, sizeBytes: propertiesBytes } = handles!.properties
  const propertiesEnd = propertiesStart + propertiesBytes
  return { file: name, maxSequence, propertiesStart, propertiesEnd }
}

function readLog(fs: FileSystem, name: string, number: number, records: StoredRecord[]): void {
  const reader = LogReader.open(fs, `${samplePath}/${name}`, LogPurpose.writeAhead, number)
  const group = new BatchReader()
  for (let payload = reader.next(); payload !== undefined; payload = reader.next()) {
    const start = reader.recordOffset
    const place = { file: name, start, end: start + recordHeaderBytes + payload.length }
    group.open(payload, 0, payload.length)
    if (group.problem !== undefined) continue
    while (group.next()) {
      const { bytes, kind, sequence, keyStart, keyEnd, valueStart, valueEnd, unbounded } = group
      records.push({
        ...place,
        sequence,
        kind,
        key: bytes.toString('latin1', keyStart, keyEnd),
        value: unbounded ? undefined : Buffer.from(bytes.subarray(valueStart, valueEnd)),
      })
    }
  }
  reader.close()
}
