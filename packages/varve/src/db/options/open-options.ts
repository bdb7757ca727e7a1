import { type Clock, systemClock } from '../../base/clock.js'
import { invalidArgument } from '../../base/errors.js'
import { describe, type Encoding, encodingFor, type EncodingOption } from '../../batch/encoding.js'
import type { JobExecutor } from '../../compaction/jobs/job-executor.js'
import { resolveSetting } from '../../compaction/pickers/resolve-compaction.js'
import type { JobEnvironment } from '../../compaction/jobs/run-job.js'
import type { FileSystem } from '../../fs/file-system.js'
import type { LockOwner } from '../../fs/lock/lock-owner.js'
import { nodeLockOwner } from '../../fs/lock/node-process-identity.js'
import { nodeFileSystem } from '../../fs/node-file-system.js'
import { CodecRegistry } from '../../sstable/block/codec.js'
import { zstdName } from '../../sstable/block/zstd-codec.js'
import type { TableStore } from '../../store/table-store.js'
import type { LevelCodecs, TreeOptions } from '../../tree/tree.js'
import { defaultMaxManifestBytes } from '../../version/version-set.js'
import type { Durability, AnyOpenOptions, UserBlockCodec } from '../api.js'
import type { TreeTuning } from '../keyspace-types.js'
import { requireKnown, requireObject } from './arguments.js'
import { divideMemory } from './memory-budget.js'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** The checked options of `open`, with defaults filled in. */
export interface ResolvedOptions {
  readonly createIfMissing: boolean
  readonly errorIfExists: boolean
  readonly readOnly: boolean
  readonly keyEncoding: Encoding<unknown>
  readonly valueEncoding: Encoding<unknown>
  readonly durability: Durability
  readonly cacheBytes: number
  readonly maxTransactionBytes: number
  readonly maxOpenTables: number
  /** Filters and indexes of open tables. Infinity: only `maxOpenTables` limits them. */
  readonly openTableBytes: number
  readonly coldReads: 'auto' | 'sync' | 'async'
  readonly codecs: CodecRegistry
  readonly codecModules: readonly string[]
  readonly background: ResolvedBackground
  readonly maxStallMs: number
  readonly fs: FileSystem
  readonly clock: Clock
  /** The identity that LOCK and leases name. */
  readonly lockOwner: LockOwner
  /**
   * Size at which a new MANIFEST is started. Like the next two, this is not an option of `open`.
   */
  readonly maxManifestBytes: number
  /** Replaces the executor that `background` selects. */
  readonly newExecutor?: (environment: JobEnvironment) => JobExecutor
  /** Creates the store that readers use, from the store of the directory. */
  readonly newTableStore?: (local: TableStore) => TableStore
  readonly tree: TreeOptions
}

interface ResolvedBackground {
  readonly mode: 'thread' | 'inline'
  readonly threads: number
  /** Infinity: no limit. */
  readonly bytesPerSecond: number
  readonly niceness: number
}

const optionNames: Record<keyof AnyOpenOptions, true> = {
  createIfMissing: true,
  errorIfExists: true,
  readOnly: true,
  keyEncoding: true,
  valueEncoding: true,
  durability: true,
  memoryBytes: true,
  memtableBytes: true,
  cacheBytes: true,
  blockBytes: true,
  tableBytes: true,
  filterBitsPerKey: true,
  filterAllocation: true,
  codec: true,
  codecs: true,
  compaction: true,
  background: true,
  maxStallMs: true,
  maxTransactionBytes: true,
  maxOpenTables: true,
  coldReads: true,
  paranoid: true,
  fileSystem: true,
  clock: true,
}

/** Throws INVALID_ARGUMENT with the name of the option and its allowed values. */
export function resolveOptions(options: AnyOpenOptions): ResolvedOptions {
  requireObject(options, 'the options of open')
  requireKnown(options, optionNames, 'option')
  requireCodecs(options.codecs)
  requireMethods(options, 'fileSystem', ['openForRead', 'create', 'rename', 'syncDirectory'])
  requireMethods(options, 'clock', ['wallMs', 'monotonicMs', 'after', 'awaited', 'nextTurn'])
  const fs = options.fileSystem ?? nodeFileSystem
  const background = resolveBackground(options.background)
  const codecs = new CodecRegistry(options.codecs ?? [])
  if (background.mode === 'thread') requireThreadable(fs, options.codecs ?? [])
  const { memtableBytes, cacheBytes, openTableBytes } = divideMemory(
    optionalInteger(options, 'memoryBytes', 4 * MiB, 1024 * GiB),
    optionalInteger(options, 'memtableBytes', 4 * KiB, GiB),
    optionalInteger(options, 'cacheBytes', 0, 1024 * GiB),
  )
  return {
    createIfMissing: boolean(options, 'createIfMissing', true),
    errorIfExists: boolean(options, 'errorIfExists', false),
    readOnly: boolean(options, 'readOnly', false),
    keyEncoding: encodingFor(options.keyEncoding ?? 'utf8', 'keyEncoding'),
    valueEncoding: encodingFor(options.valueEncoding ?? 'utf8', 'valueEncoding'),
    durability: resolveDurability(options.durability),
    cacheBytes,
    maxTransactionBytes: integer(options, 'maxTransactionBytes', 64 * MiB, 64 * KiB, 4 * GiB),
    maxOpenTables: integer(options, 'maxOpenTables', 1000, 16, 100_000),
    openTableBytes,
    coldReads: oneOf(options, 'coldReads', ['auto', 'sync', 'async']),
    codecs,
    codecModules: (options.codecs ?? []).flatMap(({ module }) => module ?? []),
    background,
    maxStallMs: integer(options, 'maxStallMs', 600_000, 1, 86_400_000),
    fs,
    clock: options.clock ?? systemClock,
    lockOwner: nodeLockOwner,
    maxManifestBytes: defaultMaxManifestBytes,
    tree: treeOptionsWith(
      options,
      { ...defaultTree, memtableBytes, paranoid: boolean(options, 'paranoid', false) },
      codecs,
    ),
  }
}

/** The options of a tree: those in `given`, and those of `base` for the others. */
export function treeOptionsWith(
  options: TreeTuning,
  base: Omit<TreeOptions, 'compaction'> & Partial<TreeOptions>,
  codecs: CodecRegistry,
): TreeOptions {
  const { compaction, codec } = options
  const isCompactionGiven = compaction !== undefined || base.compaction === undefined
  return {
    ...base,
    blockBytes: integer(options, 'blockBytes', base.blockBytes, 256, MiB),
    tableBytes: integer(options, 'tableBytes', base.tableBytes, 4 * KiB, 4 * GiB),
    filterBitsPerKey: integer(options, 'filterBitsPerKey', base.filterBitsPerKey, 0, 32),
    filterAllocation:
      options.filterAllocation === undefined
        ? base.filterAllocation
        : oneOf(options, 'filterAllocation', ['monkey', 'uniform']),
    codec: codec === undefined ? base.codec : resolveCodec(codec, codecs),
    compaction: isCompactionGiven
      ? resolveSetting(compaction, base.memtableBytes)
      : base.compaction,
  }
}

/**
 * Level 0 is compressed because its tables may move down unchanged. Only `compact()` has the time
 * for the slower encoder: in all merges, it would slow down sustained writes by a fifth.
 */
const defaultCodecs: LevelCodecs = { level0: 'lz4', upper: 'lz4', last: 'lz4', compact: 'lz4hc' }

const defaultTree = {
  blockBytes: 4096,
  tableBytes: 32 * MiB,
  filterBitsPerKey: 10,
  filterAllocation: 'monkey',
  codec: defaultCodecs,
} as const

/** The same options with the given encodings. */
export function withEncodings(
  options: ResolvedOptions,
  encodings: {
    keyEncoding?: EncodingOption | undefined
    valueEncoding?: EncodingOption | undefined
  },
): ResolvedOptions {
  requireObject(encodings, 'encodings')
  requireKnown(encodings, { keyEncoding: true, valueEncoding: true }, 'encoding')
  const { keyEncoding = options.keyEncoding, valueEncoding = options.valueEncoding } = encodings
  return {
    ...options,
    keyEncoding: encodingFor(keyEncoding, 'keyEncoding'),
    valueEncoding: encodingFor(valueEncoding, 'valueEncoding'),
  }
}

function boolean(options: AnyOpenOptions, name: keyof AnyOpenOptions, fallback: boolean): boolean {
  const value = options[name] ?? fallback
  if (typeof value === 'boolean') return value
  throw invalidOption(name, 'true or false', value)
}

function optionalInteger(
  options: AnyOpenOptions,
  name: keyof AnyOpenOptions,
  low: number,
  high: number,
): number | undefined {
  return options[name] === undefined ? undefined : integer(options, name, low, low, high)
}

function integer(
  options: AnyOpenOptions,
  name: keyof AnyOpenOptions,
  fallback: number,
  low: number,
  high: number,
): number {
  const value = options[name] ?? fallback
  if (isIntegerIn(value, low, high)) return value
  throw invalidOption(name, `a whole number from ${low} to ${high}`, value)
}

function oneOf<T extends string>(
  options: AnyOpenOptions,
  name: keyof AnyOpenOptions,
  allowed: readonly [T, ...T[]],
): T {
  const value = options[name] ?? allowed[0]
  if (allowed.includes(value as T)) return value as T
  throw invalidOption(name, allowed.map((text) => `'${text}'`).join(' or '), value)
}

function resolveDurability(value: AnyOpenOptions['durability']): Durability {
  if (value === undefined || value === 'os') return 'os'
  if (value === 'sync') return 'sync'
  const isInterval = typeof value === 'object' && value !== null
  if (isInterval && isIntegerIn(value.intervalMs, 1, 3_600_000)) return value
  throw invalidOption(
    'durability',
    "'os', 'sync' or { intervalMs: a whole number from 1 to 3600000 }",
    value,
  )
}

function resolveCodec(value: unknown, codecs: CodecRegistry): LevelCodecs {
  const given: unknown =
    typeof value === 'string' ? { level0: value, upper: value, last: value } : value
  if (typeof given !== 'object' || given === null) throw invalidCodec(value)
  requireKnown(given, defaultCodecs, "property of option 'codec'")
  const { last } = given as { readonly last?: string }
  const resolved = { ...defaultCodecs, ...(last !== undefined && { compact: last }), ...given }
  for (const name of Object.values(resolved)) {
    if (name === zstdName && codecs.named(name) === undefined) {
      throw invalidArgument("codec 'zstd' needs Node 22.15 or later: use 'lz4hc'", 'codec')
    }
    if (typeof name !== 'string' || codecs.named(name) === undefined) throw invalidCodec(value)
  }
  return resolved
}

function invalidCodec(value: unknown) {
  const names = "'none', 'lz4', 'lz4hc', 'zstd', 'deflate' or the name of a codec in 'codecs'"
  const byLevel = '{ level0, upper, last, compact } with such names'
  return invalidOption('codec', `${names}, or ${byLevel}`, value)
}

const defaultBackground: ResolvedBackground = {
  mode: 'thread',
  threads: 1,
  bytesPerSecond: Infinity,
  niceness: 5,
}

function resolveBackground(value: AnyOpenOptions['background']): ResolvedBackground {
  if (value === undefined) return defaultBackground
  const given = value === 'thread' || value === 'inline' ? { mode: value } : value
  const allowed =
    "'thread', 'inline' or { mode: 'thread' or 'inline', threads: 1 to 8 (inline: 1), " +
    'bytesPerSecond: at least 65536, niceness: 0 to 19 }'
  if (typeof given !== 'object' || given === null) throw invalidOption('background', allowed, value)
  requireKnown(given, defaultBackground, "property of option 'background'")
  const {
    mode = defaultBackground.mode,
    threads = defaultBackground.threads,
    bytesPerSecond = defaultBackground.bytesPerSecond,
    niceness = defaultBackground.niceness,
  } = given
  const validMode = mode === 'thread' || mode === 'inline'
  const validThreads = isIntegerIn(threads, 1, mode === 'inline' ? 1 : 8)
  const validRate = bytesPerSecond === Infinity || isIntegerIn(bytesPerSecond, 64 * KiB, 2 ** 50)
  const validNiceness = isIntegerIn(niceness, 0, 19)
  if (validMode && validThreads && validRate && validNiceness) {
    return { mode, threads, bytesPerSecond, niceness }
  }
  throw invalidOption('background', allowed, value)
}

function requireCodecs(codecs: unknown): void {
  if (codecs === undefined) return
  const isCodec = (codec: unknown): boolean => {
    const { id, name, compress, decompress } = (codec ?? {}) as Partial<UserBlockCodec>
    const isNamed = typeof id === 'number' && typeof name === 'string'
    return isNamed && typeof compress === 'function' && typeof decompress === 'function'
  }
  if (Array.isArray(codecs) && codecs.every(isCodec)) return
  throw invalidOption('codecs', 'a list of { id, name, compress, decompress, module? }', codecs)
}

function requireMethods(
  options: AnyOpenOptions,
  name: 'fileSystem' | 'clock',
  methods: readonly string[],
): void {
  const given = options[name] as unknown as Record<string, unknown> | undefined
  if (given === undefined) return
  if (methods.every((method) => typeof given?.[method] === 'function')) return
  throw invalidOption(name, `an object with ${methods.join(', ')} and more`, given)
}

function requireThreadable(fs: FileSystem, codecs: readonly UserBlockCodec[]): void {
  if (!fs.sharedWithThreads) {
    throw invalidArgument(
      "another thread cannot reach the files of option 'fileSystem': set background: 'inline'",
      'fileSystem',
    )
  }
  for (const codec of codecs) {
    if (codec.module !== undefined) continue
    throw invalidArgument(
      `codec '${codec.name}' needs a 'module' that exports it as 'codec', so that the background ` +
        `thread can load it; or set background: 'inline'`,
      'codecs',
    )
  }
}

function isIntegerIn(value: unknown, low: number, high: number): value is number {
  return Number.isInteger(value) && (value as number) >= low && (value as number) <= high
}

function invalidOption(name: keyof AnyOpenOptions, allowed: string, value: unknown) {
  return invalidArgument(`option '${name}' must be ${allowed}, not ${describe(value)}`, name)
}
