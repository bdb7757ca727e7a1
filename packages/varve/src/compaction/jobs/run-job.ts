import { assert } from '../../base/assert.js'
import { sharedPrefixLength } from '../../base/bytes/bytes.js'
import type { Clock } from '../../base/clock.js'
import { Memory } from '../../base/memory.js'
import type { JobInput } from '../../entry/job-input.js'
import { type KeyRange, rangesOverlap, unionRange, wholeRange } from '../../key/key-range.js'
import type { RangeTombstones } from '../../key/range-tombstone.js'
import { ValueKind } from '../../key/value-kind.js'
import { openSealedMemTable } from '../../memtable/sealed-memtable.js'
import { outputRoomBytes } from '../../sstable/block/append-buffer.js'
import type { CodecRegistry } from '../../sstable/block/codec.js'
import type { TableStore } from '../../store/table-store.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { InputTables } from './input-tables.js'
import { ExpiredEntries } from './expired-entries.js'
import { describeError } from './job-error.js'
import type {
  FlushRequest,
  JobOutcome,
  JobRequest,
  JobResult,
  MergeRequest,
} from './job-request.js'
import { joinResults } from './job-parts.js'
import { MergeInput } from './merge-input.js'
import { rangeOfPart } from './merge-part.js'
import { RunCursor, type RunReading } from './run-cursor.js'
import { Survivors } from './survivors.js'
import { TableOutputs } from './table-outputs.js'

/** What a job needs from its executor. */
export interface JobEnvironment {
  /**
   * Inputs are read synchronously, so each table must be open, or it must be possible to open it
   * without waiting.
   */
  readonly store: TableStore
  readonly codecs: CodecRegistry
  readonly clock: Clock
}

/** The work of a job since its last step. */
export interface JobStep {
  readonly writtenBytes: number
  readonly readEntries: number
}

/** A job that runs one step with each `next`. To abort it, throw an error into it. */
export type JobSteps = Generator<JobStep, JobOutcome, void>

/** Called after each step. May wait (rate limit) or throw ABORTED. */
export type Checkpoint = (writtenBytes: number, readEntries: number) => void

/** Entries read in one step. */
const entriesPerStep = 256
const readAheadBytes = 256 * 1024

/** Runs a flush or merge from start to end on the calling thread. Never throws. */
export function runJob(
  request: JobRequest,
  environment: JobEnvironment,
  checkpoint: Checkpoint = () => {},
): JobOutcome {
  const steps = jobSteps(request, environment)
  let step = steps.next()
  while (step.done !== true) {
    try {
      checkpoint(step.value.writtenBytes, step.value.readEntries)
    } catch (error) {
      step = steps.throw(error)
      continue
    }
    step = steps.next()
  }
  return step.value
}

/**
 * A flush or merge in steps. All executors run this code, and several jobs can take turns on one
 * thread. Once started, it never throws; a failed job leaves no file.
 */
export function* jobSteps(request: JobRequest, environment: JobEnvironment): JobSteps {
  const startMs = environment.clock.monotonicMs()
  try {
    const result =
      request.kind === 'flush'
        ? yield* flush(request, environment)
        : yield* merge(request, environment)
    return {
      ok: true,
      result: { ...result, durationMs: environment.clock.monotonicMs() - startMs },
    }
  } catch (error) {
    return { ok: false, error: describeError(error) }
  }
}

type UntimedResult = Omit<JobResult, 'durationMs'>
type Steps<Result> = Generator<JobStep, Result, void>

function* flush(request: FlushRequest, environment: JobEnvironment): Steps<UntimedResult> {
  const memtable = openSealedMemTable(request.memtable)
  const deeper = request.nothingBelow ? [] : [wholeRange]
  const source = {
    input: memtable.input,
    memory: Memory.allocate(outputRoomBytes),
    tombstones: memtable.rangeTombstones,
    baseSequence: request.memtable.minSequence,
    deeper,
    // A memtable becomes one table, because level 0 counts tables, each of which is a sorted run.
    tableBytes: Infinity,
    grandparents: [],
  }
  return { ...(yield* writeSurvivors(request, source, environment)), readBytes: 0 }
}

function* merge(request: MergeRequest, environment: JobEnvironment): Steps<UntimedResult> {
  const { spec } = request
  const tables = new InputTables(environment)
  const range = rangeOf(request, tables)
  const runs = runsIn(range, spec)
  const inputs = runs.flat()
  if (inputs.length === 0) return joinResults([])
  const source = {
    ...openRuns(runs, range, tables),
    tombstones: tables.rangeTombstones(inputs, range),
    baseSequence: Math.min(...inputs.map((table) => table.minSequence)),
    deeper: spec.deeperRanges,
    tableBytes: request.options.tableBytes,
    grandparents: spec.grandparents.filter((table) => rangesOverlap(table.range, range)),
  }
  const written = yield* writeSurvivors(request, source, environment)
  return { ...written, readBytes: tables.readBytes }
}

function rangeOf({ spec, part }: MergeRequest, tables: InputTables): KeyRange {
  if (part === undefined) return wholeRange
  const inputs = spec.inputs.flatMap((input) => input.tables)
  return rangeOfPart(part, inputs, (table) => tables.open(table))
}

/** The sorted runs to merge, without tables outside the range. */
function runsIn(range: KeyRange, { inputs }: MergeRequest['spec']): TableMetadata[][] {
  return inputs
    .flatMap(({ level, tables }) => (level === 0 ? tables.map((table) => [table]) : [tables]))
    .map((run) => run.filter((table) => rangesOverlap(table.range, range)))
    .filter((run) => run.length > 0)
}

/**
 * Opens the runs. All use one memory: first the space in which tables are built, then a read buffer
 * for each run.
 */
function openRuns(
  runs: readonly (readonly TableMetadata[])[],
  range: KeyRange,
  tables: InputTables,
): { input: JobInput; memory: Memory } {
  const memory = Memory.allocate(outputRoomBytes + runs.length * readAheadBytes)
  const { start, end } = runs
    .flat()
    .map((table) => table.range)
    .reduce(unionRange)
  const reading: RunReading = {
    open: (table) => tables.open(table),
    memory,
    prefixLength: end === null ? 0 : sharedPrefixLength(start, end),
    range,
  }
  const cursors = runs.map((run, i) => {
    const bufferStart = outputRoomBytes + i * readAheadBytes
    return new RunCursor(run, reading, bufferStart, readAheadBytes)
  })
  return { input: new MergeInput(cursors), memory }
}

interface JobSource {
  readonly input: JobInput
  /** The memory; it starts with the space for the output. */
  readonly memory: Memory
  readonly tombstones: RangeTombstones
  readonly baseSequence: number
  readonly deeper: MergeRequest['spec']['deeperRanges']
  readonly tableBytes: number
  readonly grandparents: MergeRequest['spec']['grandparents']
}

function* writeSurvivors(
  request: JobRequest,
  source: JobSource,
  environment: JobEnvironment,
): Steps<Omit<UntimedResult, 'readBytes'>> {
  const codec = environment.codecs.named(request.options.codec)
  assert(codec !== undefined, 'the codec was checked when the database was opened')
  const survivors = new Survivors(request.snapshots, source.tombstones, source.deeper)
  const outputs = new TableOutputs(
    environment.store,
    {
      table: {
        blockBytes: request.options.blockBytes,
        filterBitsPerKey: request.options.filterBitsPerKey,
        filterSecret: request.options.filterSecret ?? 0,
        codec,
      },
      tableBytes: source.tableBytes,
      baseSequence: source.baseSequence,
      firstFileNumber: request.firstFileNumber,
      fileNumberCount: request.fileNumberCount,
      grandparents: source.grandparents,
    },
    survivors.keptTombstones(),
    { memory: source.memory, start: 0 },
  )
  try {
    const expired = new ExpiredEntries(request.nowMs)
    yield* copyInSteps(source.input, expired, survivors, outputs)
    const tables = outputs.publish()
    if (request.options.paranoid) new InputTables(environment).verify(tables)
    return {
      outputs: tables,
      writtenBytes: outputs.writtenBytes,
      droppedEntries: survivors.dropped,
    }
  } catch (error) {
    outputs.abandon()
    throw error
  } finally {
    source.input.close()
  }
}

function* copyInSteps(
  input: JobInput,
  expired: ExpiredEntries,
  survivors: Survivors,
  outputs: TableOutputs,
): Steps<void> {
  for (let readEntries = entriesPerStep; readEntries === entriesPerStep;) {
    const earlierBytes = outputs.progressBytes
    readEntries = copySurvivors(input, expired, survivors, outputs)
    yield { writtenBytes: outputs.progressBytes - earlierBytes, readEntries }
  }
}

/** Copies the entries of one step. Returns the number of entries read. */
function copySurvivors(
  input: JobInput,
  expired: ExpiredEntries,
  survivors: Survivors,
  outputs: TableOutputs,
): number {
  for (let readEntries = 0; readEntries < entriesPerStep; readEntries++) {
    const next = input.next()
    if (next === undefined) return readEntries
    const entry = next.kind === ValueKind.putWithExpiry ? expired.resolve(next) : next
    if (survivors.keeps(entry)) outputs.add(entry, survivors.coveredAt)
  }
  return entriesPerStep
}
