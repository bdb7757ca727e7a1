import { systemClock } from '../../base/clock.js'
import type { WritableFile } from '../../fs/file-system.js'
import { asyncOnlyError, type TableFile, type TableStore } from '../table-store.js'

/** What a SlowTableStore waits for: settles when it may go on, or rejects to make it fail. */
export type WaitBefore = (step: 'open' | 'read', fileNumber: number) => Promise<void>

/** The tables of another store, which can only be opened and read asynchronously. */
export class SlowTableStore implements TableStore {
  private openCount = 0

  constructor(
    private readonly inner: TableStore,
    private readonly waitBefore: WaitBefore = nextTurn,
  ) {}

  /** Files that were opened and are not closed yet. */
  get openFiles(): number {
    return this.openCount
  }

  canOpenNow(): boolean {
    return false
  }

  open(fileNumber: number): TableFile {
    throw asyncOnlyError(this.nameOf(fileNumber), 'use openAsync')
  }

  async openAsync(fileNumber: number): Promise<TableFile> {
    await this.waitBefore('open', fileNumber)
    const file = await this.inner.openAsync(fileNumber)
    this.openCount++
    return {
      path: file.path,
      isAsyncOnly: true,
      sizeBytes: () => file.sizeBytes(),
      read: () => {
        throw asyncOnlyError(file.path, 'use readAsync')
      },
      readAsync: async (...where) => {
        await this.waitBefore('read', fileNumber)
        return file.readAsync(...where)
      },
      close: () => {
        this.openCount--
        file.close()
      },
    }
  }

  create(fileNumber: number): WritableFile {
    return this.inner.create(fileNumber)
  }

  publish(fileNumbers: readonly number[]): void {
    this.inner.publish(fileNumbers)
  }

  discard(fileNumbers: readonly number[]): void {
    this.inner.discard(fileNumbers)
  }

  remove(fileNumber: number): Promise<void> {
    return this.inner.remove(fileNumber)
  }

  link(fileNumber: number, path: string): void {
    this.inner.link(fileNumber, path)
  }

  list(): number[] {
    return this.inner.list()
  }

  nameOf(fileNumber: number): string {
    return this.inner.nameOf(fileNumber)
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => systemClock.nextTurn(resolve))
}
