import { assert } from '../base/assert.js'
import { corruption, VarveError } from '../base/errors.js'
import type { FileSystem } from '../fs/file-system.js'
import type { LogWriter } from '../log/log-writer.js'
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
  /** Size beyond which a fresh MANIFEST is begun. Default 4 MiB. */
  readonly maxManifestBytes?: number
  /** Called with the tables that no living Version holds any more, as Versions die. */
  readonly onObsolete?: (fileNumbers: readonly number[]) => void
  /** Called before each edit. Throws once the directory belongs to another owner. */
  readonly requireOwner?: () => void
}

export interface RecoverOptions extends VersionSetOptions {
  /** Changes nothing in the directory; `applyEdit` must not be called. Default false. */
  readonly readOnly?: boolean
}

export const defaultMaxManifestBytes = 4 * 1024 * 1024

/** An edit that stands in the MANIFEST and is not known to be durable. */
interface PendingEdit {
  readonly edit: VersionEdit
  readonly levels: ReadonlyMap<number, Levels>
  isInstalled: boolean
}

/**
 * The current Version of every keyspace, and the MANIFEST that makes them durable.
 *
 * Owned by: the Database, on its thread. Lives: as long as it is open.
 *
 * Invariant 1: a Version becomes current only after the edit that makes it is durable.
 * Invariant 2: edits become current in the order in which they were given.
 * Invariant 3: a file number is given out once, over the whole life of the database.
 * Invariant 4: an edit that could not be written, and was undone, has failed alone, with `IO`. After a
 * failed sync, or a write that could not be undone, the set is poisoned and takes no more edits. Those
 * that fail with `POISONED` are not current, but the file may hold them: the tables they add must stay,
 * until the next open decides.
 */
export class VersionSet {
  /** Logs below this number are not needed. */
  logNumber = 0
  /** The highest sequence that the MANIFEST knows of; the logs may hold higher ones. */
  lastSequence = 0

  private nextFileNumber: number
  private manifestNumber = 0
  private writer: LogWriter | undefined
  private rollAtBytes = 0
  private readonly living: LivingVersions
  /** Oldest first. Bounded by how many flushes and compactions run at once. */
  private readonly pending: PendingEdit[] = []
  private poison: VarveError | undefined

  /** Makes an empty database. Requires: the directory holds none. */
  static create(fs: FileSystem, directory: string, options: VersionSetOptions = {}): VersionSet {
    const set = new VersionSet(fs, directory, options, numberBehind(fs.list(directory)))
    set.install(new Map([[defaultKeyspace, emptyLevels]]))
    set.startManifest()
    return set
  }

  /** Throws CORRUPTION, or UNSUPPORTED_FORMAT, when the state cannot be read in full. */
  static recover(fs: FileSystem, directory: string, options: RecoverOptions = {}): VersionSet {
    const set = new VersionSet(fs, directory, options, numberBehind(fs.list(directory)))
    set.manifestNumber = readCurrent(fs, directory)
    const levels = set.replay()
    // Listed after the MANIFEST was read, for an owner may be adding tables.
    requireTables(directory, levels, new Set(fs.list(directory)))
    set.install(levels)
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

  /** The current Version of the default keyspace and of each that ever held a table. */
  allCurrent(): Version[] {
    return this.living.allCurrent()
  }

  /** Not retained: who keeps it beyond the next edit retains it. */
  current(keyspace: number = defaultKeyspace): Version {
    return this.living.current(keyspace)
  }

  /** True once nobody knows what the MANIFEST holds; the current versions stay readable. */
  get isPoisoned(): boolean {
    return this.poison !== undefined
  }

  /** The first of `count` new numbers in a row. */
  allocateFileNumber(count = 1): number {
    const first = this.nextFileNumber
    this.nextFileNumber += count
    return first
  }

  /** Makes an edit durable and current, and those still in flight before it. Blocks for a sync. */
  applyEdit(edit: VersionEdit): void {
    this.append(edit)
    this.finishEdits()
  }

  /** Makes the edits in flight durable and current. Blocks for a sync. */
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

  /** The same with the sync in the background. Resolves when the edit is current. */
  async applyEditAsync(edit: VersionEdit): Promise<void> {
    const entry = this.append(edit)
    try {
      await this.openWriter().syncAsync()
    } catch (error) {
      const poison = this.poisonWith(error)
      // A later applyEdit may have made it durable meanwhile, with a sync of its own.
      if (entry.isInstalled) return
      throw poison
    }
    if (!entry.isInstalled) this.installThrough(entry)
  }

  /** What is known of a table that some living Version holds. */
  table(fileNumber: number): TableMetadata | undefined {
    return this.living.table(fileNumber)
  }

  /** Numbers of the tables that some living Version holds. A copy. */
  liveFileNumbers(): Set<number> {
    return this.living.fileNumbers()
  }

  /**
   * Names of files in the directory that nothing needs: left behind by a crash, or given up. Requires:
   * no flush or compaction runs, whose tables no edit names yet.
   */
  unneededFiles(): string[] {
    return unneededFiles(this.fs.list(this.directory), {
      holdsTable: (fileNumber) => this.living.holds(fileNumber),
      logNumber: this.logNumber,
      manifestNumber: this.manifestNumber,
    })
  }

  /** One edit that makes the current state from nothing: for a fresh MANIFEST, or a checkpoint's. */
  snapshotEdit(): VersionEdit & { logNumber: number; nextFileNumber: number } {
    const added: AddedTable[] = []
    for (const { keyspace, levels } of this.living.allCurrent()) {
      for (const [level, tables] of levels.entries()) {
        for (const table of tables) added.push({ keyspace, level, table })
      }
    }
    const { logNumber, nextFileNumber, lastSequence } = this
    return { logNumber, nextFileNumber, lastSequence, added }
  }

  /** Of a set that was recovered to be read only: keeps no Version alive any more but those of readers. */
  letGo(): void {
    assert(this.writer === undefined, 'the versions of an owner stay')
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
      applyTo(edit, builders, () => new LevelsBuilder(fail))
      this.takeNumbers(edit)
    })
    const levels = new Map<number, Levels>([[defaultKeyspace, emptyLevels]])
    for (const [keyspace, builder] of builders) levels.set(keyspace, builder.build())
    return levels
  }

  /** Puts the edit into the MANIFEST and the queue. */
  private append(given: VersionEdit): PendingEdit {
    this.throwIfPoisoned()
    this.options.requireOwner?.()
    const levels = this.levelsAfter(given)
    const edit = { ...given, ...this.numbersAfter(given) }
    // Only between edits: the new MANIFEST begins with what is current.
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

  /** Built before the edit is written: an impossible edit must not reach the MANIFEST. */
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
    // Those in flight may have come further than what is current.
    const before = this.pending.at(-1)?.edit.lastSequence ?? this.lastSequence
    let lastSequence = Math.max(before, edit.lastSequence ?? 0)
    for (const { table } of edit.added ?? []) {
      lastSequence = Math.max(lastSequence, table.maxSequence)
    }
    return { nextFileNumber: this.nextFileNumber, lastSequence }
  }

  private takeNumbers(edit: VersionEdit): void {
    this.logNumber = Math.max(this.logNumber, edit.logNumber ?? 0)
    this.nextFileNumber = Math.max(this.nextFileNumber, edit.nextFileNumber ?? 0)
    this.lastSequence = Math.max(this.lastSequence, edit.lastSequence ?? 0)
  }

  /** The edits up to `last` are durable. */
  private installThrough(last: PendingEdit): void {
    this.mark()
    while (!last.isInstalled) {
      const entry = this.pending.shift()
      assert(entry !== undefined, 'an edit is installed once')
      entry.isInstalled = true
      this.takeNumbers(entry.edit)
      this.install(entry.levels)
    }
  }

  /** So that a reader can tell damage to the last edit from one that was never finished. */
  private mark(): void {
    try {
      this.openWriter().appendMark()
    } catch {
      // The edits are safe without it. A writer that it broke refuses the next edit.
    }
  }

  private install(levels: ReadonlyMap<number, Levels>): void {
    for (const [keyspace, of] of levels) this.living.install(keyspace, of)
  }

  /**
   * Goes on in a fresh MANIFEST, or, if none can be written, in the one there is. The old one stays
   * until the next open finds it unneeded.
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
    this.goOnIn(writer, number)
  }

  private startManifest(): void {
    const number = this.allocateFileNumber()
    this.goOnIn(startManifest(this.fs, this.directory, number, this.snapshotEdit()), number)
  }

  private goOnIn(writer: LogWriter, number: number): void {
    this.writer = writer
    this.manifestNumber = number
    const limit = this.options.maxManifestBytes ?? defaultMaxManifestBytes
    // A big tree's first edit alone may exceed the limit; it is not written again for each edit.
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
      `the MANIFEST in ${this.directory} takes no more edits since one could not be made durable; ` +
        `open the database again`,
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
