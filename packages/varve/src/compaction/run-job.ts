import { equalRanges } from '../base/bytes.js'
import type { Clock } from '../base/clock.js'
import { assert } from '../base/assert.js'
import { BlockCache } from '../cache/block-cache.js'
import type { FileSystem } from '../fs/file-system.js'
import { ConcatenatingIterator } from '../iterator/concatenating-iterator.js'
import { MergingIterator } from '../iterator/merging-iterator.js'
import type { InternalIterator } from '../key/internal-iterator.js'
import { wholeRange } from '../key/key-range.js'
import { type RangeTombstone, RangeTombstones } from '../key/range-tombstone.js'
import { openSealedMemTable } from '../memtable/sealed-memtable.js'
import type { CodecRegistry } from '../sstable/codec.js'
import { newTableCounters, TableReader, type TableReadContext } from '../sstable/table-reader.js'
import { tableName } from '../version/file-names.js'
import type { TableMetadata, WrittenTable } from '../version/table-metadata.js'
import type {
  FlushRequest,
  JobOutcome,
  JobRequest,
  JobResult,
  MergeRequest,
} from './job-request.js'
import { describeError } from './job-error.js'
import { Survivors } from './survivors.js'
import { TableOutputs } from './table-outputs.js'

/** Where a job runs: given by its executor. */
export interface JobEnvironment {
  readonly fs: FileSystem
  readonly directory: string
  readonly codecs: CodecRegistry
  readonly clock: Clock
  /**
   * Called every few hundred entries, and behind the last one, with the bytes written and the entries
   * read since the last call. May wait (rate limit), run a more urgent job first, or throw ABORTED.
   */
  readonly checkpoint: (writtenBytes: number, readEntries: number) => void
}

const entriesPerCheckpoint = 256
const readAheadBytes = 256 * 1024

/**
 * Runs one flush or merge from start to end on the calling thread: the same code for every executor.
 * Never throws; a failed job leaves no file behind.
 */
export function runJob(request: JobRequest, environment: JobEnvironment): JobOutcome {
  const startMs = environment.clock.monotonicMs()
  try {
    const result =
      request.kind === 'flush' ? flush(request, environment) : merge(request, environment)
    return {
      ok: true,
      result: { ...result, durationMs: environment.clock.monotonicMs() - startMs },
    }
  } catch (error) {
    return { ok: false, error: describeError(error) }
  }
}

type UntimedResult = Omit<JobResult, 'durationMs'>

function flush(request: FlushRequest, environment: JobEnvironment): UntimedResult {
  const memtable = openSealedMemTable(request.memtable)
  const deeper = request.nothingBelow ? [] : [wholeRange]
  const source = {
    entries: memtable.entries,
    tombstones: memtable.rangeTombstones,
    baseSequence: request.memtable.minSequence,
    deeper,
    // A memtable becomes one table: level 0 is counted in tables, each of them one sorted run.
    tableBytes: Infinity,
    grandparents: [],
  }
  return { ...writeSurvivors(request, source, environment), readBytes: 0 }
}

function merge(request: MergeRequest, environment: JobEnvironment): UntimedResult {
  const { spec } = request
  const inputs = spec.inputs.flatMap((input) => input.tables)
  const tables = new InputTables(environment)
  const runs = spec.inputs.flatMap(({ level, tables: list }) =>
    level === 0 ? list.map((table) => [table]) : [list],
  )
  const source = {
    entries: new MergingIterator(runs.map((run) => tables.iterate(run))),
    tombstones: tables.rangeTombstones(inputs),
    baseSequence: Math.min(...inputs.map((table) => table.minSequence)),
    deeper: spec.deeperRanges,
    tableBytes: request.options.tableBytes,
    grandparents: spec.grandparents,
  }
  const readBytes = inputs.reduce((sum, table) => sum + table.sizeBytes, 0)
  return { ...writeSurvivors(request, source, environment), readBytes }
}

interface JobSource {
  readonly entries: InternalIterator
  readonly tombstones: RangeTombstones
  readonly baseSequence: number
  readonly deeper: MergeRequest['spec']['deeperRanges']
  readonly tableBytes: number
  readonly grandparents: MergeRequest['spec']['grandparents']
}

function writeSurvivors(
  request: JobRequest,
  source: JobSource,
  environment: JobEnvironment,
): Omit<UntimedResult, 'readBytes'> {
  const codec = environment.codecs.named(request.options.codec)
  assert(codec !== undefined, 'the codec was checked when the database was opened')
  const survivors = new Survivors(request.snapshots, source.tombstones, source.deeper)
  const outputs = new TableOutputs(
    environment.fs,
    {
      directory: environment.directory,
      table: {
        blockBytes: request.options.blockBytes,
        filterBitsPerKey: request.options.filterBitsPerKey,
        codec,
      },
      tableBytes: source.tableBytes,
      baseSequence: source.baseSequence,
      firstFileNumber: request.firstFileNumber,
      fileNumberCount: request.fileNumberCount,
      grandparents: source.grandparents,
    },
    survivors.keptTombstones(),
  )
  try {
    copySurvivors(source.entries, survivors, outputs, environment)
    const tables = outputs.publish()
    if (request.options.paranoid) verifyTables(tables, environment)
    return {
      outputs: tables,
      writtenBytes: outputs.writtenBytes,
      droppedEntries: survivors.dropped,
    }
  } catch (error) {
    outputs.abandon()
    throw error
  } finally {
    source.entries.close()
  }
}

function copySurvivors(
  entries: InternalIterator,
  survivors: Survivors,
  outputs: TableOutputs,
  environment: JobEnvironment,
): void {
  const lastKey = new RememberedKey()
  let writtenBytes = 0
  let untilCheckpoint = entriesPerCheckpoint
  for (entries.seekToFirst(); entries.valid; entries.next()) {
    const { keyBytes, keyStart, keyEnd, sequence, kind } = entries
    const isNewKey = !lastKey.equals(keyBytes, keyStart, keyEnd)
    if (isNewKey) lastKey.remember(keyBytes, keyStart, keyEnd)
    if (survivors.keeps(isNewKey, keyBytes, keyStart, keyEnd, sequence, kind)) {
      outputs.add(
        isNewKey,
        keyBytes,
        keyStart,
        keyEnd,
        sequence,
        kind,
        entries.valueBytes,
        entries.valueStart,
        entries.valueEnd,
      )
    }
    if (--untilCheckpoint === 0) {
      untilCheckpoint = entriesPerCheckpoint
      environment.checkpoint(outputs.progressBytes - writtenBytes, entriesPerCheckpoint)
      writtenBytes = outputs.progressBytes
    }
  }
  const lastEntries = entriesPerCheckpoint - untilCheckpoint
  environment.checkpoint(outputs.progressBytes - writtenBytes, lastEntries)
}

/** The user key of the entry before, copied: read-ahead buffers are used again. */
class RememberedKey {
  private bytes = Buffer.allocUnsafe(64)
  private length = -1

  equals(bytes: Uint8Array, start: number, end: number): boolean {
    return this.length >= 0 && equalRanges(this.bytes, 0, this.length, bytes, start, end)
  }

  remember(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (length > this.bytes.length) this.bytes = Buffer.allocUnsafe(length * 2)
    for (let i = 0; i < length; i++) this.bytes[i] = bytes[start + i]
    this.length = length
  }
}

/** The tables a merge reads, past the database's caches and in large pieces. */
class InputTables {
  private readonly context: TableReadContext

  constructor(private readonly environment: JobEnvironment) {
    this.context = {
      cache: new BlockCache(0),
      codecs: environment.codecs,
      counters: newTableCounters(),
    }
  }

  iterate(run: readonly TableMetadata[]): InternalIterator {
    return new ConcatenatingIterator(run, (table) => {
      const reader = this.open(table)
      const iterator = reader.iterator({ mayRead: true, fillCache: false, readAheadBytes })
      // The iterator pins it: the file stays open until that closes, and no longer.
      reader.close()
      return iterator
    })
  }

  rangeTombstones(tables: readonly TableMetadata[]): RangeTombstones {
    const all: RangeTombstone[] = []
    for (const table of tables) {
      if (table.rangeDeleteCount === 0) continue
      const reader = this.open(table)
      for (const { start, end, sequences } of reader.rangeTombstones.fragments) {
        for (const sequence of sequences) all.push({ start, end, sequence })
      }
      reader.close()
    }
    return RangeTombstones.from(all)
  }

  verify(tables: readonly WrittenTable[]): void {
    for (const table of tables) {
      const reader = this.open(table)
      try {
        reader.verify()
      } finally {
        reader.close()
      }
    }
  }

  private open({ fileNumber }: WrittenTable): TableReader {
    const path = `${this.environment.directory}/${tableName(fileNumber)}`
    const file = this.environment.fs.openForRead(path)
    try {
      return TableReader.open(file, fileNumber, this.context)
    } catch (error) {
      file.close()
      throw error
    }
  }
}

function verifyTables(tables: readonly WrittenTable[], environment: JobEnvironment): void {
  new InputTables(environment).verify(tables)
}
