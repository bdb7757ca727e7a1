import type { FileSystem, WritableFile } from '../fs/file-system.js'
import { parseFileName, tableName, temporaryName } from './file-names.js'
import type { TableFile, TableStore } from './table-store.js'

/** The tables in a directory. All of them can be opened now. */
export class LocalTableStore implements TableStore {
  constructor(
    private readonly fs: FileSystem,
    private readonly directory: string,
  ) {}

  canOpenNow(): boolean {
    return true
  }

  open(fileNumber: number): TableFile {
    return this.fs.openForRead(this.nameOf(fileNumber))
  }

  async openAsync(fileNumber: number): Promise<TableFile> {
    return Promise.resolve(this.open(fileNumber))
  }

  create(fileNumber: number): WritableFile {
    return this.fs.create(temporaryName(this.nameOf(fileNumber)))
  }

  publish(fileNumbers: readonly number[]): void {
    if (fileNumbers.length === 0) return
    const { fs, directory } = this
    fs.syncDirectory(directory)
    for (const fileNumber of fileNumbers) {
      const path = this.nameOf(fileNumber)
      fs.rename(temporaryName(path), path)
    }
    fs.syncDirectory(directory)
  }

  discard(fileNumbers: readonly number[]): void {
    for (const fileNumber of fileNumbers) {
      const path = this.nameOf(fileNumber)
      this.removeIfPresent(temporaryName(path))
      this.removeIfPresent(path)
    }
  }

  remove(fileNumber: number): Promise<void> {
    return this.fs.removeAsync(this.nameOf(fileNumber))
  }

  link(fileNumber: number, path: string): void {
    this.fs.link(this.nameOf(fileNumber), path)
  }

  list(): number[] {
    return this.fs.list(this.directory).flatMap((name) => {
      const file = parseFileName(name)
      return file?.kind === 'table' ? [file.number] : []
    })
  }

  nameOf(fileNumber: number): string {
    return `${this.directory}/${tableName(fileNumber)}`
  }

  private removeIfPresent(path: string): void {
    try {
      if (this.fs.exists(path)) this.fs.remove(path)
    } catch {
      // The next open removes every file that nothing refers to.
    }
  }
}
