import { compareBytes, copyBytes, emptyBytes } from '../../base/bytes/bytes.js'
import { Memory } from '../../base/memory.js'
import { reviveError } from '../../compaction/jobs/job-error.js'
import type { FlushRequest, JobRequest, MergeRequest } from '../../compaction/jobs/job-request.js'
import { runJob } from '../../compaction/jobs/run-job.js'
import { wholeRange } from '../../key/key-range.js'
import { MemoryEntry } from '../../entry/memory-entry.js'
import { ValueKind } from '../../key/value-kind.js'
import type { DamagedSpan } from '../../log/log-reader.js'
import { MemTable } from '../../memtable/memtable.js'
import { blockFrame } from '../../sstable/salvage/block-check.js'
import { noneCodec } from '../../sstable/block/codec.js'
import { EntryPlace } from '../../sstable/block/entry-place.js'
import { TableWriter } from '../../sstable/table-writer.js'
import { TolerantTable } from '../../sstable/salvage/tolerant-table.js'
import { tableName } from '../../store/file-names.js'
import type { TableMetadata, WrittenTable } from '../../version/table-metadata.js'
import { rangeOf } from '../../compaction/pickers/compaction-spec.js'
import { sortedRuns } from '../directory/layout.js'
import { type LogSource, salvageGroups } from '../directory/log-source.js'
import type { TableSource } from '../directory/table-source.js'
import type { Site } from '../directory/tool-options.js'

const blockBytes = 4096
const filterBitsPerKey = 10
/** More than any writer asks for: a filter's size must not be a damaged file's to choose. */
const maxFilterBitsPerKey = 32
const tableBytes = 32 * 1024 * 1024
const memtableBytes = 32 * 1024 * 1024
/** Beyond those that the size asks for; a merge may split where range deletes end. */
const spareFileNumbers = 16

/**
 * Writes the tables that take the place of what is damaged. Each is whole, synced and has its name
 * when its method returns; none is part of the database until a MANIFEST names it.
 *
 * Owned by: one repair.
 */
export class ReplacementTables {
  /** File numbers, for a repair that fails to take back. */
  readonly written: number[] = []

  constructor(
    private readonly site: Site,
    /** The first of `count` unused file numbers. */
    private readonly allocate: (count: number) => number,
  ) {}

  /** What can be read of a table. Undefined when that is nothing. Requires: its base is known. */
  *salvage(source: TableSource): Generator<number, WrittenTable | undefined> {
    const { fs, store, codecs } = this.site
    const file = fs.openForRead(source.file.path)
    const fileNumber = this.allocate(1)
    let writer: TableWriter | undefined
    let isPublished = false
    try {
      const known = source.statistics
      const table = new TolerantTable(file, codecs, known)
      const { properties } = table
      const options = {
        blockBytes,
        filterBitsPerKey: Math.min(
          properties?.filterBitsPerKey ?? filterBitsPerKey,
          maxFilterBitsPerKey,
        ),
        filterSecret: table.filter?.secret ?? 0,
        codec: codecs.named(properties?.codec ?? '') ?? noneCodec,
      }
      writer = new TableWriter(store.create(fileNumber), options, source.baseSequence!)
      yield* copyEntries(table, source.baseSequence!, writer)
      for (const { start, end, sequence } of table.tombstones ?? []) {
        writer.addRangeTombstone(start, end, sequence)
      }
      if (writer.isEmpty) return undefined
      const summary = writer.finish(properties?.user)
      store.publish([fileNumber])
      isPublished = true
      this.written.push(fileNumber)
      return { fileNumber, ...summary }
    } finally {
      writer?.abandon()
      if (!isPublished) store.discard([fileNumber])
      file.close()
    }
  }

  /** The same table under a number of its own. */
  rename(source: TableSource): WrittenTable {
    const fileNumber = this.allocate(1)
    this.site.fs.link(source.file.path, `${this.site.directory}/${tableName(fileNumber)}`)
    this.written.push(fileNumber)
    const { statistics, sizeBytes } = source
    return { fileNumber, ...statistics!, sizeBytes }
  }

  /** One sorted run with all versions that a reader can see. Requires: at least one table. */
  merge(keyspace: number, tables: readonly TableMetadata[]): readonly WrittenTable[] {
    const sizeBytes = tables.reduce((sum, table) => sum + table.sizeBytes, 0)
    const fileNumberCount = Math.ceil(sizeBytes / tableBytes) + spareFileNumbers
    const request: MergeRequest = {
      kind: 'merge',
      spec: {
        kind: 'merge',
        keyspace,
        reason: 'repair',
        // As if each were a level of its own, so that a run is read as one.
        inputs: sortedRuns(tables).map((run, i) => ({ level: i + 1, tables: run })),
        inputRange: rangeOf(tables),
        outputLevel: 0,
        outputRun: 0,
        grandparents: [],
        deeperRanges: [wholeRange],
      },
      options: this.jobOptions(),
      snapshots: [],
      nowMs: beforeAnyExpiry,
      firstFileNumber: this.allocate(fileNumberCount),
      fileNumberCount,
    }
    return this.run(request)
  }

  /**
   * The operations in the logs that no table of their keyspace has, as tables. Each is newer than
   * the one before it of the same keyspace. `flushed`: the last sequence in tables, by keyspace.
   */
  *fromLogs(
    logs: readonly LogSource[],
    flushed: ReadonlyMap<number, number>,
  ): Generator<number, { keyspace: number; table: WrittenTable }[]> {
    const tables: { keyspace: number; table: WrittenTable }[] = []
    const damage: DamagedSpan[] = []
    const memtables = new Map<number, MemTable>()
    let last = 0
    const flush = (keyspace: number, memtable: MemTable): void => {
      for (const table of this.flush(memtable)) tables.push({ keyspace, table })
    }
    const memtableWithRoom = (keyspace: number, neededBytes: number): MemTable => {
      const current = memtables.get(keyspace)
      if (current?.hasRoom(neededBytes)) return current
      if (current !== undefined) flush(keyspace, current)
      const next = new MemTable(Math.max(memtableBytes, neededBytes))
      memtables.set(keyspace, next)
      return next
    }
    for (const { file } of logs) {
      yield* salvageGroups(
        this.site,
        file,
        damage,
        () => {},
        (group) => {
          while (group.next()) {
            const { bytes, kind, sequence, keyspace } = group
            const { keyStart, keyEnd, valueStart, valueEnd } = group
            if (sequence <= Math.max(flushed.get(keyspace) ?? 0, last)) continue
            last = sequence
            const needed = MemTable.entryBytes(keyEnd - keyStart, valueEnd - valueStart)
            const memtable = memtableWithRoom(keyspace, needed)
            if (kind === ValueKind.rangeDelete) {
              const end = group.unbounded ? null : bytes.subarray(valueStart, valueEnd)
              memtable.insertRangeDelete(sequence, bytes.subarray(keyStart, keyEnd), end)
            } else {
              memtable.insert(sequence, kind, bytes, keyStart, keyEnd, bytes, valueStart, valueEnd)
            }
          }
        },
      )
    }
    for (const [keyspace, memtable] of memtables) flush(keyspace, memtable)
    return tables
  }

  private flush(memtable: MemTable): readonly WrittenTable[] {
    const request: FlushRequest = {
      kind: 'flush',
      memtable: memtable.seal(),
      nothingBelow: false,
      options: this.jobOptions(),
      snapshots: [],
      nowMs: beforeAnyExpiry,
      firstFileNumber: this.allocate(1),
      fileNumberCount: 1,
    }
    return this.run(request)
  }

  private run(request: JobRequest): readonly WrittenTable[] {
    const outcome = runJob(request, this.site)
    if (!outcome.ok) throw reviveError(outcome.error)
    const { outputs } = outcome.result
    for (const { fileNumber } of outputs) this.written.push(fileNumber)
    return outputs
  }

  private jobOptions(): JobRequest['options'] {
    return { blockBytes, tableBytes, filterBitsPerKey, codec: noneCodec.name, paranoid: true }
  }
}

/** A repair takes nothing away for the time: the clock may be what is wrong. */
const beforeAnyExpiry = 0

/** Blocks that were sealed out of order are left out: a table cannot hold them. */
function* copyEntries(
  table: TolerantTable,
  baseSequence: number,
  writer: TableWriter,
): Generator<number, void> {
  const place = new EntryPlace()
  let lastKey: Uint8Array = emptyBytes
  let lastDelta = 0
  for (const { check, sizeBytes } of table.blocks()) {
    const { payload, firstDelta } = check
    const order = compareBytes(lastKey, check.firstKey)
    if (order > 0 || (order === 0 && firstDelta >= lastDelta)) continue
    const { entriesEnd } = blockFrame(payload)!
    const entry = new MemoryEntry(new Memory(payload))
    for (let offset = 0; offset < entriesEnd; offset = place.valueEnd) {
      place.decode(payload, offset, entriesEnd)
      entry.keyStart = place.keyStart
      entry.keyEnd = place.keyEnd
      entry.valueEnd = place.valueEnd
      entry.sequence = baseSequence + place.sequenceDelta
      entry.kind = place.kind
      writer.add(entry)
    }
    lastKey = copyBytes(check.lastKey)
    lastDelta = check.lastDelta
    yield sizeBytes
  }
}
