import type * as BlockCacheModule from '../../../cache/block-cache.js'
import type * as RunJobModule from '../../../compaction/jobs/run-job.js'
import type * as CodecModule from '../../../sstable/block/codec.js'
import type * as PointLookupModule from '../../../entry/point-lookup.js'
import type * as TableReaderModule from '../../../sstable/table-reader.js'
import { systemClock } from '../../../base/clock.js'
import type {
  JobRequest,
  JobResult,
  JobTableOptions,
} from '../../../compaction/jobs/job-request.js'
import { rangeOf } from '../../../compaction/pickers/compaction-spec.js'
import { ValueKind } from '../../../key/value-kind.js'
import type { MemTable } from '../../../memtable/memtable.js'
import { tableName } from '../../../store/file-names.js'
import { LocalTableStore } from '../../../store/local-table-store.js'
import type { TableMetadata } from '../../../version/table-metadata.js'
import type { CountedEngine } from './counted-engine.js'
import { CountingFiles } from './counting-files.js'
import { type Measurement, perTime } from './measurement.js'
import { newMemTable } from './memtable-measures.js'
import { ScatteredKeys } from './scattered-keys.js'

const sampleSize = 1000
const absentSampleSize = 20_000
const rangeLength = 100
const mergedTables = 4

const options: JobTableOptions = {
  blockBytes: 4096,
  tableBytes: Infinity,
  filterBitsPerKey: 10,
  codec: 'none',
  paranoid: false,
}

/** Measures a table of `size` entries: its flush, its reads, and a merge of four such tables. */
export async function measureTable(engine: CountedEngine, size: number): Promise<Measurement[]> {
  const files = new CountingFiles()
  const run = await jobRunner(engine, files)
  const memtable = await filled(engine, size, 0, 1)
  files.reset()
  let flushed: JobResult
  const flush = engine.count(() => (flushed = run(flushOf(memtable, 1))))
  const written: Measurement = {
    operation: 'flush, per entry',
    // Each entry searches the leaves of the memtable's order. `memtableBytes` bounds their number.
    theory: 'O(n), plus O(n log n) to sort',
    growth: 'logarithmic',
    size,
    counts: { ...perTime(flush, size), writtenBytes: files.writtenBytes / size },
  }
  const [{ fileNumber }] = flushed!.outputs
  const reads = await measureReads(engine, files, fileNumber, size)
  files.fileSystem.remove(`${files.directory}/${tableName(fileNumber)}`)
  return [written, ...reads, await measureMerge(engine, size)]
}

async function measureReads(
  engine: CountedEngine,
  { fileSystem, directory }: CountingFiles,
  fileNumber: number,
  size: number,
): Promise<Measurement[]> {
  const { TableReader, newTableCounters } =
    await engine.load<typeof TableReaderModule>('sstable/table-reader.js')
  const { PointLookup } = await engine.load<typeof PointLookupModule>('entry/point-lookup.js')
  const { BlockCache } = await engine.load<typeof BlockCacheModule>('cache/block-cache.js')
  const { CodecRegistry } = await engine.load<typeof CodecModule>('sstable/block/codec.js')
  const counters = newTableCounters()
  const context = { cache: new BlockCache(0), codecs: new CodecRegistry(), counters }
  const file = fileSystem.openForRead(`${directory}/${tableName(fileNumber)}`)
  const reader = TableReader.open(file, fileNumber, context)
  const keys = new ScatteredKeys(size)
  const lookup = new PointLookup()
  let blocks = 0
  const get = (key: Buffer): void => {
    lookup.start(key, key.length, size, true)
    reader.get(lookup)
    blocks += lookup.blocksTouched
  }
  const present = engine.count(() => {
    for (let i = 0; i < sampleSize; i++) get(keys.present(i * 13))
  })
  const presentBlocks = blocks
  blocks = 0
  const absent = engine.count(() => {
    for (let i = 0; i < absentSampleSize; i++) get(keys.absent(i))
  })
  const iterator = reader.iterator({ mayRead: true, fillCache: false, readAheadBytes: 0 })
  const before = counters.blocksRead
  const ranges = engine.count(() => {
    for (let i = 0; i < sampleSize; i++) {
      iterator.seek(keys.present(i * 13))
      for (let left = rangeLength; left > 0 && iterator.valid; left--) iterator.next()
    }
  })
  const rangeBlocks = counters.blocksRead - before
  iterator.close()
  reader.close()
  return [
    {
      operation: 'table point read',
      theory: 'O(log index) + one block',
      growth: 'logarithmic',
      size,
      counts: { ...perTime(present, sampleSize), blocks: presentBlocks / sampleSize },
    },
    {
      operation: 'table point read, absent',
      theory: 'O(1) through the filter',
      growth: 'constant',
      size,
      counts: {
        ...perTime(absent, absentSampleSize),
        blocks: blocks / absentSampleSize,
        falsePositives: counters.filterFalsePositives / absentSampleSize,
      },
    },
    {
      operation: `table range of k = ${rangeLength}`,
      theory: 'O(log index + k)',
      growth: 'logarithmic',
      size,
      counts: { ...perTime(ranges, sampleSize), blocks: rangeBlocks / sampleSize },
    },
  ]
}

/** Measures a merge of tables whose key ranges all overlap. */
async function measureMerge(engine: CountedEngine, size: number): Promise<Measurement> {
  const files = new CountingFiles()
  const run = await jobRunner(engine, files)
  const tables: TableMetadata[] = []
  for (let i = 0; i < mergedTables; i++) {
    const memtable = await filled(engine, size, i, mergedTables)
    const [table] = run(flushOf(memtable, 1 + i)).outputs
    tables.push({ ...table, run: 0, writtenAtMs: 0 })
  }
  files.reset()
  const work = engine.count(() => {
    run({
      kind: 'merge',
      options,
      snapshots: [],
      nowMs: 0,
      firstFileNumber: 100,
      fileNumberCount: 100,
      spec: {
        kind: 'merge',
        keyspace: 0,
        reason: 'measured',
        inputs: [{ level: 0, tables }],
        inputRange: rangeOf(tables),
        outputLevel: 1,
        outputRun: 0,
        grandparents: [],
        deeperRanges: [],
      },
    })
  })
  return {
    operation: `compaction of ${mergedTables} tables, per entry`,
    theory: 'O(n)',
    growth: 'constant',
    size,
    counts: {
      ...perTime(work, size),
      readBytes: files.readBytes / size,
      writtenBytes: files.writtenBytes / size,
    },
  }
}

async function jobRunner(
  engine: CountedEngine,
  { fileSystem, directory }: CountingFiles,
): Promise<(request: JobRequest) => JobResult> {
  const { runJob } = await engine.load<typeof RunJobModule>('compaction/jobs/run-job.js')
  const { CodecRegistry } = await engine.load<typeof CodecModule>('sstable/block/codec.js')
  const codecs = new CodecRegistry()
  const store = new LocalTableStore(fileSystem, directory)
  const environment = { store, codecs, clock: systemClock }
  return (request) => {
    const outcome = runJob(request, environment)
    if (!outcome.ok) throw new Error(outcome.error.message)
    return outcome.result
  }
}

/** A memtable with every `step`-th of `size` keys, starting at number `first`. */
async function filled(
  engine: CountedEngine,
  size: number,
  first: number,
  step: number,
): Promise<MemTable> {
  const keys = new ScatteredKeys(size)
  const { value } = keys
  const memtable = await newMemTable(engine, Math.ceil(size / step))
  for (let i = first; i < size; i += step) {
    const key = keys.present(i)
    memtable.insert(i + 1, ValueKind.put, key, 0, key.length, value, 0, value.length)
  }
  return memtable
}

function flushOf(memtable: MemTable, fileNumber: number): JobRequest {
  return {
    kind: 'flush',
    options,
    snapshots: [],
    nowMs: 0,
    firstFileNumber: fileNumber,
    fileNumberCount: 1,
    memtable: memtable.seal(),
    nothingBelow: true,
  }
}
