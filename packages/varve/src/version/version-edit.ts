import { copyBytes } from '../base/bytes/bytes.js'
import { VarintReader, VarintWriter } from '../base/bytes/varint.js'
import { isEmptyRange } from '../key/key-range.js'
import { maxSequence } from '../key/limits.js'
import { hasSoundShadows, shadowedNames } from '../sstable/format/properties.js'
import { maxFileNumber } from '../store/file-names.js'
import {
  decodeKeyspaceRecord,
  encodeKeyspaceRecord,
  type KeyspaceRecord,
  maxKeyspaceId,
} from './keyspace-record.js'
import type { TableMetadata } from './table-metadata.js'
import { levelCount } from './version.js'

/**
 * One step from a Version to the next, and one record of the MANIFEST. A sequence of fields, each
 * of them optional. Numbers are varints:
 *
 *     ┌─────────┬────────────────┬─────────┐
 *     │ tag     │ payload length │ payload │ …
 *     └─────────┴────────────────┴─────────┘
 *
 *     1 format version       of the MANIFEST, in its first record
 *     2 log number           logs below it are not needed any more
 *     3 next file number     all file numbers in use are below it
 *     4 last sequence        all entries of tables are at or below it
 *     5 deleted table        keyspace, level, file number
 *     6 added table          keyspace, level, file number, size, min sequence, max sequence,
 *                            entries, deletes, range deletes, key bytes, value bytes,
 *                            length and bytes of start, bounded (0 | 1), [length and bytes of end]
 *     7 keyspace             creates a keyspace, or replaces its options: id, length and bytes of
 *                            the name, length and bytes of the options (JSON)
 *     8 dropped keyspace     id; its tables leave with it
 *     9 run                  of the added table before it, unless 0: run
 *     10 expiry              of the added table before it, if any entries expire: their number, and
 *                            the latest expiry time, in milliseconds since 1970
 *     11 next keyspace       all ids of keyspaces, dropped ones too, are below it
 *     12 … 127               a reader that does not know them rejects the edit
 *     128 time               when the added table before it was written, unless unknown, in
 *                            milliseconds since 1970
 *     129 shadowed           entries of the added table before it that newer entries in the same
 *                            table hide, if any: count, bytes, their lowest sequence, the highest
 *                            sequence that hides one
 *     130 filter secret      under which new tables hash keys for their filters: 1 to 2^53 − 1
 *     131 …                  a reader that does not know them skips them
 *
 * These numbers are on disk: never change their values. Deletes apply before adds, so that a table
 * may move from one level to another in one edit.
 */
export interface VersionEdit {
  readonly formatVersion?: number
  readonly logNumber?: number
  readonly nextFileNumber?: number
  readonly lastSequence?: number
  readonly deleted?: readonly DeletedTable[]
  readonly added?: readonly AddedTable[]
  readonly keyspaces?: readonly KeyspaceRecord[]
  readonly droppedKeyspaces?: readonly number[]
  readonly nextKeyspace?: number
  readonly filterSecret?: number
}

export interface DeletedTable {
  readonly keyspace: number
  readonly level: number
  readonly fileNumber: number
}

export interface AddedTable {
  readonly keyspace: number
  readonly level: number
  readonly table: TableMetadata
}

type ListField = 'deleted' | 'added' | 'keyspaces' | 'droppedKeyspaces'
type NumberField = Exclude<keyof VersionEdit, ListField>
type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

/** The keyspace of `db` itself. */
export const defaultKeyspace = 0

const Tag = {
  formatVersion: 1,
  logNumber: 2,
  nextFileNumber: 3,
  lastSequence: 4,
  deletedTable: 5,
  addedTable: 6,
  keyspace: 7,
  droppedKeyspace: 8,
  run: 9,
  expiry: 10,
  nextKeyspace: 11,
  writtenAtMs: 128,
  shadowed: 129,
  filterSecret: 130,
} as const
const firstSkippableTag = 128

/** Why a record is not an edit that this version of Varve can apply. */
type EditProblem = 'damaged' | 'unsupported'

/** The encoded edit, which belongs to the caller. */
export function encodeEdit(edit: VersionEdit): Buffer {
  const out = new VarintWriter()
  writeNumber(out, Tag.formatVersion, edit.formatVersion)
  writeNumber(out, Tag.logNumber, edit.logNumber)
  writeNumber(out, Tag.nextFileNumber, edit.nextFileNumber)
  writeNumber(out, Tag.lastSequence, edit.lastSequence)
  writeNumber(out, Tag.nextKeyspace, edit.nextKeyspace)
  writeNumber(out, Tag.filterSecret, edit.filterSecret)
  for (const id of edit.droppedKeyspaces ?? []) writeNumber(out, Tag.droppedKeyspace, id)
  for (const record of edit.keyspaces ?? []) {
    out.write(Tag.keyspace).writeLengthPrefixed(encodeKeyspaceRecord(record))
  }
  for (const { keyspace, level, fileNumber } of edit.deleted ?? []) {
    const field = new VarintWriter().write(keyspace).write(level).write(fileNumber)
    out.write(Tag.deletedTable).writeLengthPrefixed(field.finish())
  }
  for (const added of edit.added ?? []) {
    out.write(Tag.addedTable).writeLengthPrefixed(encodeAddedTable(added))
    writeNumber(out, Tag.run, added.table.run || undefined)
    const { expiringCount, lastExpiryMs } = added.table
    if (expiringCount > 0) {
      const field = new VarintWriter().write(expiringCount).write(lastExpiryMs)
      out.write(Tag.expiry).writeLengthPrefixed(field.finish())
    }
    writeNumber(out, Tag.writtenAtMs, added.table.writtenAtMs || undefined)
    if (added.table.shadowedCount > 0) {
      const field = new VarintWriter()
      for (const name of shadowedNames) field.write(added.table[name])
      out.write(Tag.shadowed).writeLengthPrefixed(field.finish())
    }
  }
  return out.finish()
}

/** The edit shares no memory with `bytes`. */
export function decodeEdit(bytes: Uint8Array): VersionEdit | EditProblem {
  const reader = new VarintReader(bytes)
  const numbers: Partial<Writable<Record<NumberField, number>>> = {}
  const deleted: DeletedTable[] = []
  const keyspaces: KeyspaceRecord[] = []
  const droppedKeyspaces: number[] = []
  const added: { keyspace: number; level: number; table: Writable<TableMetadata> }[] = []
  while (reader.offset < bytes.length) {
    const tag = reader.read()
    const payload = reader.readLengthPrefixed()
    if (reader.failed) return 'damaged'
    const field = new VarintReader(payload)
    if (tag === Tag.formatVersion) numbers.formatVersion = field.read()
    else if (tag === Tag.logNumber) numbers.logNumber = field.read()
    else if (tag === Tag.nextFileNumber) numbers.nextFileNumber = field.read()
    else if (tag === Tag.lastSequence) numbers.lastSequence = field.read()
    else if (tag === Tag.nextKeyspace) numbers.nextKeyspace = field.read()
    else if (tag === Tag.filterSecret) numbers.filterSecret = field.read()
    else if (tag === Tag.keyspace) keyspaces.push(decodeKeyspaceRecord(field))
    else if (tag === Tag.droppedKeyspace) droppedKeyspaces.push(field.read())
    else if (tag === Tag.deletedTable) deleted.push(decodeDeletedTable(field))
    else if (tag === Tag.addedTable) added.push(decodeAddedTable(field))
    else if (isTableTag(tag)) {
      const table = added.at(-1)?.table
      if (table === undefined) return 'damaged'
      decodeTableField(tag, field, table)
    } else if (tag >= firstSkippableTag) continue
    else return 'unsupported'
    if (field.failed || field.offset !== payload.length) return 'damaged'
  }
  const { logNumber = 0, nextFileNumber = 0, nextKeyspace = 0 } = numbers
  if (logNumber > maxFileNumber || nextFileNumber > maxFileNumber) return 'damaged'
  if (nextKeyspace > maxKeyspaceId + 1 || numbers.filterSecret === 0) return 'damaged'
  if (!deleted.every(({ level }) => level < levelCount) || !added.every(isSound)) return 'damaged'
  return {
    ...numbers,
    deleted,
    added,
    ...(keyspaces.length > 0 && { keyspaces }),
    ...(droppedKeyspaces.length > 0 && { droppedKeyspaces }),
  }
}

/** Whether a field adds to the table in front of it. */
function isTableTag(tag: number): boolean {
  return tag === Tag.run || tag === Tag.expiry || tag === Tag.writtenAtMs || tag === Tag.shadowed
}

function decodeTableField(tag: number, field: VarintReader, table: Writable<TableMetadata>): void {
  if (tag === Tag.run) table.run = field.read()
  else if (tag === Tag.writtenAtMs) table.writtenAtMs = field.read()
  else if (tag === Tag.shadowed) for (const name of shadowedNames) table[name] = field.read()
  else {
    table.expiringCount = field.read()
    table.lastExpiryMs = field.read()
  }
}

function writeNumber(out: VarintWriter, tag: number, value: number | undefined): void {
  if (value === undefined) return
  out.write(tag).writeLengthPrefixed(new VarintWriter().write(value).finish())
}

function encodeAddedTable({ keyspace, level, table }: AddedTable): Buffer {
  const out = new VarintWriter()
  out.write(keyspace).write(level).write(table.fileNumber).write(table.sizeBytes)
  out.write(table.minSequence).write(table.maxSequence)
  out.write(table.entryCount).write(table.deleteCount).write(table.rangeDeleteCount)
  out.write(table.keyBytes).write(table.valueBytes)
  out.writeLengthPrefixed(table.range.start)
  if (table.range.end === null) out.write(0)
  else out.write(1).writeLengthPrefixed(table.range.end)
  return out.finish()
}

function decodeDeletedTable(field: VarintReader): DeletedTable {
  return { keyspace: field.read(), level: field.read(), fileNumber: field.read() }
}

function decodeAddedTable(field: VarintReader) {
  return {
    keyspace: field.read(),
    level: field.read(),
    table: {
      fileNumber: field.read(),
      sizeBytes: field.read(),
      minSequence: field.read(),
      maxSequence: field.read(),
      entryCount: field.read(),
      deleteCount: field.read(),
      rangeDeleteCount: field.read(),
      expiringCount: 0,
      lastExpiryMs: 0,
      shadowedCount: 0,
      shadowedBytes: 0,
      oldestShadowed: 0,
      newestShadowing: 0,
      keyBytes: field.read(),
      valueBytes: field.read(),
      range: { start: copyBytes(field.readLengthPrefixed()), end: decodeEnd(field) },
      run: 0,
      writtenAtMs: 0,
    },
  }
}

function decodeEnd(field: VarintReader): Buffer | null {
  const bounded = field.read()
  if (bounded > 1) field.failed = true
  return bounded === 1 ? copyBytes(field.readLengthPrefixed()) : null
}

function isSound({ level, table }: AddedTable): boolean {
  return (
    level < levelCount &&
    table.fileNumber <= maxFileNumber &&
    (level > 0 || table.run === 0) &&
    !isEmptyRange(table.range) &&
    table.minSequence <= table.maxSequence &&
    table.maxSequence <= maxSequence &&
    table.deleteCount + table.expiringCount <= table.entryCount &&
    hasSoundShadows(table)
  )
}
