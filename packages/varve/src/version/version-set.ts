import { assert } from '../base/assert.js'
import { corruption, VarveError } from '../base/errors.js'
import type { FileSystem } from '../fs/file-system.js'
import type { LogWriter } from '../log/log-writer.js'
import type { KeyspaceRecord } from './keyspace-record.js'
import { KeyspaceRecords } from './keyspace-records.js'
import { LivingVersions } from './living-versions.js'
import { numberBehind, tableName, unneededFiles } from '../store/file-names.js'
import { LevelsBuilder } from './levels-builder.js'
import {
  makeCurrent,
  readCurrent,
  replayManifest,
  startManifest,
  writeManifest,
} from './manifest.js'
import { type AddedTable, defaultKeyspace, encodeEdit, type VersionEdit } from './version-edit.js'
import type { TableMetadata } from './table-metadata.js'
import { emptyLevels, type Levels, type Version } from './version.js'

export interface VersionSetOptions {
  /** Size above which a new MANIFEST is started. Default 4 MiB. */
  readonly maxManifestBytes?: number
  /** Called with the tables that no living Version holds any more, when a Version is released. */
  readonly onObsolete?: (fileNumbers: readonly number[]) => void
  /** Called before each edit. Throws once the directory belongs to another owner. */
  readonly requireOwner?: () => void
  /** Of a database that has none: an integer from 1 to 2^53 − 1. Default: it gets none. */
  readonly filterSecret?: number
}

interface RecoverOptions extends VersionSetOptions {
  /** Changes nothing in the directory; `applyEdit` must not be called. Default false. */
  readonly readOnly?: boolean
}

export const defaultMaxManifestBytes = 4 * 1024 * 1024

/** An edit in the MANIFEST that is not known to be durable. */
interface PendingEdit {
  readonly edit: VersionEdit
  readonly levels: ReadonlyMap<number, Levels>
  isInstalled: boolean
}

/**
 * The current Version of every keyspace, and the MANIFEST that makes them durable.
 *
 * Owned by: the Database, on its thread. Lives: as long as the database is open.
 *
 * Invariant 1: a Version becomes current only after the edit that creates it is durable.
 * Invariant 2: edits become current in the order in which they were applied.
 * Invariant 3: a file number is allocated only once in the life of the database.
 * Invariant 4: if an edit cannot be written and the write is undone, only that edit fails, with
 * `IO`. After a failed sync, or a write that cannot be undone, the set is poisoned and rejects all
 * edits. Edits that fail with `POISONED` are not current, but the file may hold them. So the tables
 * that they add must stay until the next open decides.
 */
export class VersionSet {
  /** Logs below this number are not needed. */
  logNumber = 0
  /** The highest sequence in the MANIFEST; the logs may hold higher ones. */
  lastSequence = 0
  /** Under which new tables hash keys for their filters; 0: none. Drawn once per database. */
  filterSecret = 0

  private nextFileNumber: number
  private manifestNumber = 0
  private writer: LogWriter | undefined
  private rollAtBytes = 0
  private readonly living: LivingVersions
  private readonly records = new KeyspaceRecords()
  /** Oldest first. Bounded by the number of concurrent flushes and compactions. */
  private readonly pending: PendingEdit[] = []
  private poison: VarveError | undefined

  /** Creates an empty database. Requires: the directory has none. */
  static create(fs: FileSystem, directory: string, options: VersionSetOptions = {}): VersionSet {
    const set = new VersionSet(fs, directory, options, numberBehind(fs.list(directory)))
    set.install(new Map([[defaultKeyspace, emptyLevels]]))
    set.filterSecret = options.filterSecret ?? 0
    set.startManifest()
    return set
  }

  /** Throws CORRUPTION or UNSUPPORTED_FORMAT if the state cannot be read completely. */
  static recover(fs: FileSystem, directory: string, options: RecoverOptions = {}): VersionSet {
    const set = new VersionSet(fs, directory, options, numberBehind(fs.list(directory)))
    set.manifestNumber = readCurrent(fs, directory)
    const levels = set.replay()
    // List after reading the MANIFEST, because an owner may be adding tables.
    requireTables(directory, levels, new Set(fs.list(directory)))
    set.install(levels)
    // An earlier version of Varve has drawn none, or has lost it.
    if (set.filterSecret === 0) set.filterSecret = options.filterSecret ?? 0
    if (options.readOnly !== true) set.startManifest()
    return set
  }

  private constructor(
    private readonly fs: FileSystem,
    private readonly directory: string,
    private readonly options: VersionSetOptions,
    nextFileNumber: number,
  ) {
    this.nextFileNumber = nextFileNumber
    this.living = new LivingVersions((fileNumbers) => this.options.onObsolete?.(fileNumbers))
  }

  /** The current Version of the default keyspace and of each keyspace that ever had a table. */
  allCurrent(): Version[] {
    return this.living.allCurrent()
  }

  /** Not retained: retain it to use it beyond the next edit. */
  current(keyspace: number = defaultKeyspace): Version {
    return this.living.current(keyspace)
  }

  /** The keyspaces beside the default one. */
  keyspaces(): KeyspaceRecord[] {
    return this.records.all()
  }

  keyspaceNamed(name: string): KeyspaceRecord | undefined {
    return this.records.named(name)
  }

  /** Above all ids of keyspaces that were ever used. */
  get nextKeyspace(): number {
    return this.records.nextId
  }

  /** True once the content of the MANIFEST is unknown. The current Versions stay readable. */
  get isPoisoned(): boolean {
    return this.poison !== undefined
  }

  /** The first of `count` new consecutive numbers. */
  allocateFileNumber(count = 1): number {
    const first = this.nextFileNumber
    this.nextFileNumber += count
    return first
  }

  /** Makes an edit durable and current, and the pending edits before it. Blocks for a sync. */
  applyEdit(edit: VersionEdit): void {
    this.append(edit)
    this.finishEdits()
  }

  /** Makes the pending edits durable and current. Blocks for a sync. */
  finishEdits(): void {
    this.throwIfPoisoned()
    const last = this.pending.at(-1)
    if (last === undefined) return
    try {
      this.openWriter().sync()
    } catch (error) {
      throw this.poisonWith(error)
    }
    this.installThrough(last)
  }

  /** Like `applyEdit`, with the sync in the background. Resolves when the edit is current. */
  async applyEditAsync(edit: VersionEdit): Promise<void> {
    const entry = this.append(edit)
    try {
      await this.openWriter().syncAsync()
    } catch (error) {
      const poison = this.poisonWith(error)
      // A later applyEdit may have made it durable with its own sync.
      if (entry.isInstalled) return
      throw poison
    }
    if (!entry.isInstalled) this.installThrough(entry)
  }

  /** The metadata of a table that a living Version holds. */
  table(fileNumber: number): TableMetadata | undefined {
    return this.living.table(fileNumber)
  }

  /** The keyspace of a table that a living Version holds. */
  keyspaceOf(fileNumber: number): number | undefined {
    return this.living.keyspaceOf(fileNumber)
  }

  /** File numbers of the tables that living Versions hold. A copy. */
  liveFileNumbers(): Set<number> {
    return this.living.fileNumbers()
  }

  /**
   * Names of files in the directory that are not needed: obsolete ones, or leftovers of a crash.
   * Requires: no flush or compaction is running, because no edit names its tables yet.
   */
  unneededFiles(): string[] {
    return unneededFiles(this.fs.list(this.directory), {
      holdsTable: (fileNumber) => this.living.holds(fileNumber),
      logNumber: this.logNumber,
      manifestNumber: this.manifestNumber,
    })
  }

  /** One edit that creates the current state from nothing, for a new MANIFEST or a checkpoint. */
  snapshotEdit(): VersionEdit & { logNumber: number; nextFileNumber: number } {
    const added: AddedTable[] = []
    for (const { keyspace, levels } of this.living.allCurrent()) {
      for (const [level, tables] of levels.entries()) {
        for (const table of tables) added.push({ keyspace, level, table })
      }
    }
    const { logNumber, nextFileNumber, lastSequence, filterSecret } = this
    return {
      logNumber,
      nextFileNumber,
      lastSequence,
      added,
      ...(filterSecret !== 0 && { filterSecret }),
      ...this.records.snapshot(),
    }
  }

  /** For a read-only set: drops the current Versions, so that only readers keep Versions alive. */
  letGo(): void {
    assert(this.writer === undefined, 'an owner keeps its current versions')
    for (const { keyspace } of this.living.allCurrent()) this.living.install(keyspace, emptyLevels)
  }

  /** Requires: no `applyEditAsync` in flight. */
  close(): void {
    this.writer?.close()
    this.writer = undefined
  }

  private replay(): Map<number, Levels> {
    const builders = new Map<number, LevelsBuilder>()
    let place = { path: this.directory, offset: 0 }
    const fail = (what: string): never => {
      throw corruption(place.path, place.offset, what)
    }
    replayManifest(this.fs, this.directory, this.manifestNumber, (edit, path, offset) => {
      place = { path, offset }
      const problem = this.records.problemWith(edit)
      if (problem !== undefined) fail(problem)
      applyTo(edit, builders, () => new LevelsBuilder(fail))
      for (const keyspace of edit.droppedKeyspaces ?? []) builders.delete(keyspace)
      this.records.apply(edit)
      this.takeNumbers(edit)
    })
    const levels = new Map<number, Levels>([[defaultKeyspace, emptyLevels]])
    for (const [keyspace, builder] of builders) {
      if (keyspace !== defaultKeyspace && this.records.get(keyspace) === undefined) {
        fail(`tables of keyspace ${keyspace}, which does not exist`)
      }
      levels.set(keyspace, builder.build())
    }
    return levels
  }

  /** Appends the edit to the MANIFEST and the queue. */
  private append(newEdit: VersionEdit): PendingEdit {
    this.throwIfPoisoned()
    this.options.requireOwner?.()
    const levels = this.levelsAfter(newEdit)
    const edit = { ...newEdit, ...this.numbersAfter(newEdit) }
    // Only without pending edits, because the new MANIFEST starts with the current state.
    const isQuiet = this.pending.length === 0 && !this.openWriter().isSyncing
    if (isQuiet && this.openWriter().sizeBytes > this.rollAtBytes) this.roll()
    const writer = this.openWriter()
    try {
      writer.append(encodeEdit(edit))
    } catch (error) {
      throw writer.broken ? this.poisonWith(error) : error
    }
    const entry: PendingEdit = { edit, levels, isInstalled: false }
    this.pending.push(entry)
    return entry
  }

  /** Computed before the edit is written, because an invalid edit must not reach the MANIFEST. */
  private levelsAfter(edit: VersionEdit): Map<number, Levels> {
    const builders = new Map<number, LevelsBuilder>()
    applyTo(edit, builders, (keyspace) => {
      const entry = this.pending.findLast(({ levels }) => levels.has(keyspace))
      const base = entry?.levels.get(keyspace) ?? this.current(keyspace).levels
      return new LevelsBuilder((what) => assert(false, what) as never, base)
    })
    return new Map([...builders].map(([keyspace, builder]) => [keyspace, builder.build()]))
  }

  private numbersAfter(edit: VersionEdit): VersionEdit {
    // Pending edits may have a higher sequence than the current state.
    const before = this.pending.at(-1)?.edit.lastSequence ?? this.lastSequence
    let lastSequence = Math.max(before, edit.lastSequence ?? 0)
    for (const { table } of edit.added ?? []) {
      lastSequence = Math.max(lastSequence, table.maxSequence)
    }
    const logNumber = edit.logNumber && this.logNumberAfter(edit.logNumber)
    return { nextFileNumber: this.nextFileNumber, lastSequence, ...(logNumber && { logNumber }) }
  }

  /** A drop may have released logs that a flush, chosen before, would still keep. */
  private logNumberAfter(logNumber: number): number {
    const before = this.pending.map(({ edit }) => edit.logNumber ?? 0)
    return Math.max(logNumber, this.logNumber, ...before)
  }

  private takeNumbers(edit: VersionEdit): void {
    this.logNumber = Math.max(this.logNumber, edit.logNumber ?? 0)
    this.nextFileNumber = Math.max(this.nextFileNumber, edit.nextFileNumber ?? 0)
    this.lastSequence = Math.max(this.lastSequence, edit.lastSequence ?? 0)
    this.filterSecret = edit.filterSecret ?? this.filterSecret
  }

  /** Makes the edits up to `last` current. Requires: they are durable. */
  private installThrough(last: PendingEdit): void {
    this.mark()
    while (!last.isInstalled) {
      const entry = this.pending.shift()
      assert(entry !== undefined, 'an edit is installed once')
      entry.isInstalled = true
      this.takeNumbers(entry.edit)
      this.records.apply(entry.edit)
      this.install(entry.levels)
      for (const keyspace of entry.edit.droppedKeyspaces ?? []) this.living.remove(keyspace)
    }
  }

  /** Lets a reader distinguish damage to the last edit from an unfinished edit. */
  private mark(): void {
    try {
      this.openWriter().appendMark()
    } catch {
      // The edits are durable without the mark. If the failure broke the writer, the next edit
      // fails.
    }
  }

  private install(levels: ReadonlyMap<number, Levels>): void {
    for (const [keyspace, of] of levels) this.living.install(keyspace, of)
  }

  /**
   * Continues in a new MANIFEST, or in the old one if no new one can be written. The next open
   * removes the old one.
   */
  private roll(): void {
    const old = this.openWriter()
    const number = this.allocateFileNumber()
    let writer: LogWriter
    try {
      writer = writeManifest(this.fs, this.directory, number, this.snapshotEdit())
    } catch {
      this.rollAtBytes = 2 * old.sizeBytes
      return
    }
    try {
      makeCurrent(this.fs, this.directory)
    } catch (error) {
      writer.close()
      throw this.poisonWith(error)
    }
    old.close()
    this.useManifest(writer, number)
  }

  private startManifest(): void {
    const number = this.allocateFileNumber()
    this.useManifest(startManifest(this.fs, this.directory, number, this.snapshotEdit()), number)
  }

  private useManifest(writer: LogWriter, number: number): void {
    this.writer = writer
    this.manifestNumber = number
    const limit = this.options.maxManifestBytes ?? defaultMaxManifestBytes
    // The first edit of a large tree may exceed the limit; do not rewrite it for each later edit.
    this.rollAtBytes = Math.max(limit, 2 * writer.sizeBytes)
    this.mark()
  }

  private openWriter(): LogWriter {
    assert(this.writer !== undefined, 'a closed or read-only VersionSet takes no edits')
    return this.writer
  }

  private poisonWith(cause: unknown): VarveError {
    this.poison ??= new VarveError(
      'POISONED',
      `the MANIFEST in ${this.directory} takes no more edits because one could not be made ` +
        `durable; reopen the database`,
      { path: this.directory, cause },
    )
    return this.poison
  }

  private throwIfPoisoned(): void {
    if (this.poison !== undefined) throw this.poison
  }
}

function applyTo(
  edit: VersionEdit,
  builders: Map<number, LevelsBuilder>,
  builderFor: (keyspace: number) => LevelsBuilder,
): void {
  const of = (keyspace: number): LevelsBuilder => {
    const builder = builders.get(keyspace) ?? builderFor(keyspace)
    builders.set(keyspace, builder)
    return builder
  }
  for (const deleted of edit.deleted ?? []) of(deleted.keyspace).delete(deleted)
  for (const added of edit.added ?? []) of(added.keyspace).add(added)
}

function requireTables(
  directory: string,
  levels: ReadonlyMap<number, Levels>,
  names: ReadonlySet<string>,
): void {
  for (const { fileNumber } of [...levels.values()].flat(2)) {
    const name = tableName(fileNumber)
    if (names.has(name)) continue
    const file = `${directory}/${name}`
    throw new VarveError('CORRUPTION', `${file} is missing; the MANIFEST names it`, {
      file,
      offset: 0,
    })
  }
}
