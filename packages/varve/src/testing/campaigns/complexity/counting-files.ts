import { FaultyFileSystem } from '../../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'

/** In-memory files that count the bytes and calls that pass through. Owned by: one measurement. */
export class CountingFiles {
  readonly directory = '/db'
  readBytes = 0
  writtenBytes = 0
  writeCalls = 0
  readonly fileSystem = new FaultyFileSystem(new MemoryFileSystem(), ({ kind, bytes = 0 }) => {
    if (kind === 'read') this.readBytes += bytes
    if (kind === 'append') {
      this.writtenBytes += bytes
      this.writeCalls++
    }
    return undefined
  })

  constructor() {
    this.fileSystem.makeDirectory(this.directory)
  }

  /** Sets all counts to 0. */
  reset(): void {
    this.readBytes = 0
    this.writtenBytes = 0
    this.writeCalls = 0
  }
}
