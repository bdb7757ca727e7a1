import { invalidArgument } from '../../base/errors.js'
import { BatchReader } from '../../batch/batch-reader.js'
import { encodingFor } from '../../batch/encoding.js'
import type { RangeOptions } from '../../db/api.js'
import { checkRangeOptions, rangeOf } from '../../db/read/key-bounds.js'
import { expiryBytes, readExpiry } from '../../key/expiry.js'
import { type KeyRange, rangeContains, rangesOverlap } from '../../key/key-range.js'
import { ValueKind } from '../../key/value-kind.js'
import { LogPurpose, recordHeaderBytes } from '../../log/log-format.js'
import { LogReader } from '../../log/log-reader.js'
import { blockFrame } from '../../sstable/salvage/block-check.js'
import { EntryPlace } from '../../sstable/block/entry-place.js'
import { type SoundBlock, TolerantTable } from '../../sstable/salvage/tolerant-table.js'
import { decodeEdit } from '../../version/version-edit.js'
import { manifestName } from '../../store/file-names.js'
import { readCurrent } from '../../version/manifest.js'
import { decodeLogStart } from '../../wal/log-start.js'
import type { DumpItem, EntryItem, EntryKind } from './dump-items.js'
import { type FoundFile, identifyFile } from '../directory/inventory.js'
import { type Site, siteOf, type ToolOptions } from '../directory/tool-options.js'

/** Options of `dump`. */
export interface DumpOptions extends ToolOptions {
  /** Only entries and operations with keys in this range. Default: all. */
  readonly range?: RangeOptions<Uint8Array>
  /** Blocks and commits without what is in them. Default false. */
  readonly outline?: boolean
}

/**
 * What a log, MANIFEST, table or CURRENT holds, item by item, past whatever is damaged: that is an
 * item like the others. The file is known by its content, whatever it is called. It may be one that
 * is written to meanwhile; bytes after its end at the first item are left out.
 *
 * @throws INVALID_ARGUMENT when the file is none of a database's; IO.
 */
export function* dump(
  directory: string | URL,
  name: string,
  options: DumpOptions = {},
): Generator<DumpItem, void> {
  const site = siteOf(directory, options)
  checkRangeOptions(options.range ?? {})
  const range = rangeOf(options.range ?? {}, encodingFor('binary', 'range'))
  const shown: Shown = { range, outline: options.outline ?? false }
  const file = identifyFile(site, name)
  if (file?.named === 'current' && file.holds === undefined) return yield* dumpCurrent(site)
  if (file?.holds === undefined) {
    throw invalidArgument(`${site.directory}/${name} is no log, MANIFEST or table`)
  }
  if (file.holds === 'table') yield* dumpTable(site, file, shown)
  else yield* dumpLog(site, file, shown)
}

interface Shown {
  readonly range: KeyRange
  readonly outline: boolean
}

function* dumpCurrent({ fs, directory }: Site): Generator<DumpItem, void> {
  const manifest = manifestName(readCurrent(fs, directory))
  yield { type: 'file', name: 'CURRENT', kind: 'current', sizeBytes: manifest.length + 1 }
  yield { type: 'current', manifest }
}

function* dumpLog({ fs }: Site, file: FoundFile, shown: Shown): Generator<DumpItem, void> {
  const { name, path, number, holds } = file
  const isManifest = holds === 'manifest'
  const purpose = isManifest ? LogPurpose.manifest : LogPurpose.writeAhead
  const reader = LogReader.open(fs, path, purpose, number, { salvage: 'all', marks: true })
  try {
    const { sizeBytes } = reader
    yield { type: 'file', name, kind: isManifest ? 'manifest' : 'log', sizeBytes, number }
    let told = 0
    for (let payload = reader.next(); payload !== undefined; payload = reader.next()) {
      for (; told < reader.damage.length; told++) yield damagedSpan(reader, told)
      if (payload.length === 0) {
        yield { type: 'mark', offset: reader.recordOffset, durableBytes: reader.durableBytes }
      } else if (isManifest) yield editItem(reader, payload)
      else yield* commitItems(reader, payload, shown)
    }
    for (; told < reader.damage.length; told++) yield damagedSpan(reader, told)
  } finally {
    reader.close()
  }
}

/** A stretch up to the end of the file may be no more than an unfinished write. */
function damagedSpan(reader: LogReader, index: number): DumpItem {
  const { start: offset, end } = reader.damage[index]
  const sizeBytes = end - offset
  return end === reader.sizeBytes
    ? { type: 'torn', offset, sizeBytes }
    : { type: 'damage', offset, sizeBytes, message: 'no whole record' }
}

function editItem(reader: LogReader, payload: Buffer): DumpItem {
  const { recordOffset: offset, durableBytes } = reader
  const edit = decodeEdit(payload)
  if (typeof edit === 'string') {
    const sizeBytes = recordHeaderBytes + payload.length
    const message = edit === 'damaged' ? 'malformed version edit' : 'an unknown edit'
    return { type: 'damage', offset, sizeBytes, message }
  }
  const { deleted = [], added = [], ...numbers } = edit
  return { type: 'edit', offset, durableBytes, ...numbers, deleted, added }
}

function* commitItems(
  reader: LogReader,
  payload: Buffer,
  { range, outline }: Shown,
): Generator<DumpItem, void> {
  const { recordOffset: offset, durableBytes } = reader
  const sizeBytes = recordHeaderBytes + payload.length
  const start = decodeLogStart(payload)
  if (start !== undefined) {
    yield { type: 'start', offset, ...start }
    return
  }
  const group = new BatchReader()
  group.open(payload, 0, payload.length)
  const { firstSequence, count: operations } = group
  yield { type: 'commit', offset, sizeBytes, durableBytes, firstSequence, operations }
  while (group.next()) {
    const item = operationItem(group)
    if (!outline && isWithin(item, range)) yield item
  }
  if (group.problem === undefined) return
  yield { type: 'damage', offset, sizeBytes, message: group.problem }
}

type OperationItem = Extract<DumpItem, { type: 'operation' }>

function operationItem(group: BatchReader): OperationItem {
  const { bytes, sequence, keyspace, keyStart, keyEnd, valueStart, valueEnd } = group
  const key = bytes.subarray(keyStart, keyEnd)
  const value = bytes.subarray(valueStart, valueEnd)
  const base = { type: 'operation', kind: nameOf(group.kind), sequence, keyspace, key } as const
  if (group.kind === ValueKind.rangeDelete) return { ...base, end: group.unbounded ? null : value }
  return { ...base, ...valueOf(group.kind, value) }
}

function isWithin({ key, end }: OperationItem, range: KeyRange): boolean {
  return end === undefined ? rangeContains(range, key) : rangesOverlap(range, { start: key, end })
}

function* dumpTable(
  { fs, codecs }: Site,
  { name, path }: FoundFile,
  { range, outline }: Shown,
): Generator<DumpItem, void> {
  const file = fs.openForRead(path)
  try {
    const table = new TolerantTable(file, codecs)
    const { damage, properties, handles } = table
    yield { type: 'file', name, kind: 'table', sizeBytes: table.sizeBytes }
    if (properties !== undefined) {
      const { user, ...numbers } = properties
      const userProperties = [...user.keys()]
      yield { type: 'properties', offset: handles?.properties.offset, ...numbers, userProperties }
    }
    let told = 0
    for (; told < damage.length; told++) yield damageOf(table, told)
    for (const block of table.blocks()) {
      for (; told < damage.length; told++) yield damageOf(table, told)
      yield* blockItems(block, properties?.baseSequence, range, outline)
    }
    for (; told < damage.length; told++) yield damageOf(table, told)
    for (const { start, end, sequence } of table.tombstones ?? []) {
      if (!rangesOverlap(range, { start, end })) continue
      yield { type: 'range delete', sequence, start, end }
    }
  } finally {
    file.close()
  }
}

function damageOf({ damage }: TolerantTable, index: number): DumpItem {
  const { start, end, what, part } = damage[index]
  return { type: 'damage', offset: start, sizeBytes: end - start, message: what, part }
}

function* blockItems(
  { offset, sizeBytes, check }: SoundBlock,
  baseSequence: number | undefined,
  range: KeyRange,
  outline: boolean,
): Generator<DumpItem, void> {
  const { payload, entryCount: entries, firstKey, lastKey } = check
  const { entriesEnd } = blockFrame(payload)!
  const payloadBytes = payload.length
  yield { type: 'block', offset, sizeBytes, payloadBytes, entries, firstKey, lastKey }
  if (outline) return
  const place = new EntryPlace()
  for (let at = 0; at < entriesEnd; at = place.valueEnd) {
    place.decode(payload, at, entriesEnd)
    const { kind, keyStart, keyEnd, valueEnd, sequenceDelta } = place
    const key = payload.subarray(keyStart, keyEnd)
    if (!rangeContains(range, key)) continue
    const sequence = baseSequence === undefined ? undefined : baseSequence + sequenceDelta
    const entry = { type: 'entry', kind: nameOf(kind), sequence, key } as const
    yield { ...entry, ...valueOf(kind, payload.subarray(keyEnd, valueEnd)) }
  }
}

/** What the user gave with the key. */
function valueOf(kind: number, stored: Buffer): Pick<EntryItem, 'value' | 'expiresAtMs'> {
  if (kind === ValueKind.delete) return {}
  if (kind !== ValueKind.putWithExpiry) return { value: stored }
  return { value: stored.subarray(expiryBytes), expiresAtMs: readExpiry(stored, 0) }
}

function nameOf(kind: number): EntryKind {
  if (kind === ValueKind.rangeDelete) return 'range delete'
  return kind === ValueKind.delete ? 'delete' : 'put'
}
