import { invalidArgument, VarveError } from '../base/errors.js'
import type { FileSystem } from '../fs/file-system.js'
import { type Generation, readGeneration } from './generation.js'

/**
 * A directory with any number of backups:
 *
 *     generation-000001     a backup: the list of its files
 *     generation-000002     the next one
 *     contents/9f86d081…    bytes of files, each named by its hash and stored once
 *     staging/              files of the backup in progress
 *     LOCK                  while a process changes the directory
 *
 * A name appears only when its file is whole and durable: contents before the generation that lists
 * them, generations by a rename. An interrupted backup leaves contents without a generation, or
 * names that end in `.tmp`; the next backup removes them. Nothing here opens as a database.
 */
export class BackupDirectory {
  constructor(
    readonly fs: FileSystem,
    /** With symbolic links resolved. */
    readonly path: string,
  ) {}

  get contentsPath(): string {
    return `${this.path}/contents`
  }

  get stagingPath(): string {
    return `${this.path}/staging`
  }

  contentPath(hash: string): string {
    return `${this.contentsPath}/${hash}`
  }

  generationPath(generation: number): string {
    return `${this.path}/generation-${String(generation).padStart(6, '0')}`
  }

  /** Numbers of the generations, ascending. Some may be damaged. */
  generations(): number[] {
    return this.fs
      .list(this.path)
      .flatMap((name) => {
        const digits = /^generation-(\d{6,15})$/.exec(name)?.[1]
        return digits === undefined ? [] : [Number(digits)]
      })
      .sort((a, b) => a - b)
  }

  /** Throws INVALID_ARGUMENT for an unknown number; CORRUPTION, UNSUPPORTED_FORMAT, IO. */
  read(generation: number): Generation {
    const path = this.generationPath(generation)
    if (!this.fs.exists(path)) {
      throw new VarveError('INVALID_ARGUMENT', `${this.path} holds no generation ${generation}`, {
        path: this.path,
        option: 'generation',
      })
    }
    return readGeneration(this.fs, path)
  }

  /** The requested number, or the newest one. Throws INVALID_ARGUMENT when there is no backup. */
  newestOr(generation: number | undefined): number {
    const found = generation ?? this.generations().at(-1)
    if (found !== undefined) return found
    throw invalidArgument(`${this.path} holds no backups`)
  }
}

/** Throws INVALID_ARGUMENT unless `path` is a backup directory. */
export function openBackupDirectory(fs: FileSystem, path: string): BackupDirectory {
  if (!fs.exists(`${path}/contents`)) throw invalidArgument(`${path} holds no backups`)
  return new BackupDirectory(fs, fs.realPath(path))
}

/** Opens a backup directory, or creates one when the path is missing or empty. */
export function prepareBackupDirectory(fs: FileSystem, path: string): BackupDirectory {
  const isNew = !fs.exists(path) || fs.list(path).every((name) => name === 'LOCK')
  if (!isNew && !fs.exists(`${path}/contents`)) {
    throw invalidArgument(`${path} is not a backup directory and not empty: choose a new directory`)
  }
  fs.makeDirectory(`${path}/contents`)
  return new BackupDirectory(fs, fs.realPath(path))
}
