/**
 * For tests and in-memory databases: file systems in memory, faults and simulated crashes, and the
 * contract suite of `FileSystem`.
 *
 * ```ts
 * const db = await open('/db', { fileSystem: new MemoryFileSystem(), background: 'inline' })
 * ```
 *
 * @module varve/testing
 */
export { Prng } from '../base/prng.js'
export type { CrashFate } from '../fs/simulated/crash-fate.js'
export {
  type Fault,
  FaultyFileSystem,
  type FileOperation,
  type OperationKind,
} from '../fs/simulated/faulty-file-system.js'
export { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
export {
  type FileSystemSubject,
  testFileSystemContract,
} from '../fs/testing/file-system-contract.js'
