import { corruption, VarveError } from '../../base/errors.js'
import type { FileSystem } from '../../fs/file-system.js'
import { LogPurpose } from '../../log/log-format.js'
import { LogReader, type TornTail } from '../../log/log-reader.js'
import { currentName, manifestName } from '../../store/file-names.js'
import { manifestFormatVersion, readCurrent } from '../../version/manifest.js'
import { KeyspaceRecords } from '../../version/keyspace-records.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { decodeEdit, type VersionEdit } from '../../version/version-edit.js'
import { levelCount, type Levels, sortLevel } from '../../version/version.js'
import { type Problem, problemOf } from './problem.js'

export interface NamedTable {
  readonly keyspace: number
  readonly level: number
  readonly table: TableMetadata
}

/**
 * What can be read of a MANIFEST: all its edits, or those that damage has left. Whatever is wrong
 * is in `problems`, and then the tables are a guess.
 *
 * Owned by: the tool that asked. Immutable once it is made.
 */
export class ManifestView {
  readonly problems: Problem[] = []
  edits = 0
  sizeBytes = 0
  torn: TornTail | undefined
  logNumber = 0
  nextFileNumber = 0
  lastSequence = 0
  /** By file number. */
  readonly tables = new Map<number, NamedTable>()
  /** Tables that an edit deleted and no later one added again. */
  readonly deleted = new Set<number>()
  readonly records = new KeyspaceRecords()

  /** Never throws for what the file holds; `IO` when it cannot be opened. */
  constructor(
    fs: FileSystem,
    path: string,
    readonly name: string,
    fileNumber: number,
  ) {
    const reader = this.open(fs, path, fileNumber)
    if (reader === undefined) return
    try {
      this.read(reader)
    } catch (error) {
      this.problems.push(problemOf(error, name))
    } finally {
      reader.close()
    }
  }

  /** The tables of each level of a keyspace, in order. */
  levels(keyspace: number): Levels {
    const levels = Array.from({ length: levelCount }, (): TableMetadata[] => [])
    for (const named of this.tables.values()) {
      if (named.keyspace === keyspace) levels[named.level].push(named.table)
    }
    return levels.map((tables, level) => sortLevel(level, tables))
  }

  /** The keyspaces that have tables, in ascending order. */
  keyspaces(): number[] {
    const found = new Set([...this.tables.values()].map(({ keyspace }) => keyspace))
    return [...found].sort((a, b) => a - b)
  }

  private open(fs: FileSystem, path: string, fileNumber: number): LogReader | undefined {
    try {
      return LogReader.open(fs, path, LogPurpose.manifest, fileNumber, { salvage: 'damage' })
    } catch (error) {
      if (!(error instanceof VarveError) || error.code !== 'UNSUPPORTED_FORMAT') throw error
      this.problems.push(problemOf(error, this.name))
      return undefined
    }
  }

  private read(reader: LogReader): void {
    this.sizeBytes = reader.sizeBytes
    for (let record = reader.next(); record !== undefined; record = reader.next()) {
      const edit = decodeEdit(record)
      const at = reader.recordOffset
      if (typeof edit === 'string') {
        const what = edit === 'damaged' ? 'malformed version edit' : 'an unknown edit'
        this.complain(edit === 'damaged' ? 'damage' : 'unsupported', at, what)
      } else {
        const isFirst = this.edits === 0 && reader.damage.length === 0
        if (isFirst && edit.formatVersion !== manifestFormatVersion) {
          this.complain('unsupported', at, `MANIFEST format ${edit.formatVersion}`)
        }
        this.apply(edit, at)
      }
      this.edits++
    }
    this.torn = reader.torn
    for (const { start, end } of reader.damage) {
      const message = 'damaged records'
      const sizeBytes = end - start
      this.problems.push({ kind: 'damage', file: this.name, offset: start, sizeBytes, message })
    }
    if (this.edits === 0) this.complain('damage', 0, 'no version edit')
  }

  private apply(edit: VersionEdit, at: number): void {
    for (const { keyspace, level, fileNumber } of edit.deleted ?? []) {
      const named = this.tables.get(fileNumber)
      this.deleted.add(fileNumber)
      this.tables.delete(fileNumber)
      if (named?.keyspace === keyspace && named.level === level) continue
      this.complain('mismatch', at, `deletes table ${fileNumber}, which is not on level ${level}`)
    }
    for (const { keyspace, level, table } of edit.added ?? []) {
      const { fileNumber } = table
      if (this.tables.has(fileNumber)) this.complain('mismatch', at, `adds ${fileNumber} twice`)
      this.tables.set(fileNumber, { keyspace, level, table })
      this.deleted.delete(fileNumber)
    }
    const problem = this.records.problemWith(edit)
    if (problem === undefined) this.records.apply(edit)
    else this.complain('mismatch', at, problem)
    for (const dropped of edit.droppedKeyspaces ?? []) this.drop(dropped)
    this.takeNumbers(edit, at)
  }

  private drop(keyspace: number): void {
    for (const [fileNumber, named] of this.tables) {
      if (named.keyspace !== keyspace) continue
      this.deleted.add(fileNumber)
      this.tables.delete(fileNumber)
    }
  }

  private takeNumbers(edit: VersionEdit, at: number): void {
    for (const name of ['logNumber', 'nextFileNumber', 'lastSequence'] as const) {
      const number = edit[name]
      if (number === undefined) continue
      if (number < this[name]) this.complain('mismatch', at, `${name} goes down to ${number}`)
      else this[name] = number
    }
  }

  private complain(kind: Problem['kind'], offset: number, message: string): void {
    this.problems.push({ kind, file: this.name, offset, message })
  }
}

/** The MANIFEST that CURRENT names. Throws CORRUPTION when CURRENT is lost or damaged, or IO. */
export function currentManifest(fs: FileSystem, directory: string): ManifestView {
  const currentPath = `${directory}/${currentName}`
  if (!fs.exists(currentPath)) throw corruption(currentPath, 0, `no ${currentName}`)
  const number = readCurrent(fs, directory)
  const name = manifestName(number)
  if (!fs.exists(`${directory}/${name}`)) {
    throw corruption(currentPath, 0, 'the name of a missing MANIFEST')
  }
  return new ManifestView(fs, `${directory}/${name}`, name, number)
}
