/**
 * The only interface through which the engine accesses files. All durable data passes through it,
 * so an implementation that drops, tears or refuses operations can prove what survives.
 *
 * Contract, checked by one test suite for every implementation:
 * - Failures are thrown as VarveError `IO`, with `systemCode` (`ENOENT`, `ENOSPC`, …) and `cause`.
 * - Written bytes survive the process immediately, and power loss only after `sync`.
 * - A created, linked, renamed or removed name survives power loss only after `syncDirectory` of
 *   its folder.
 * - Synchronous operations are complete when they return. Asynchronous ones may run in a thread
 *   pool.
 */
export interface FileSystem {
  /** True when another thread can reach the same files through a NodeFileSystem of its own. */
  readonly sharedWithThreads: boolean

  /** Creates a folder and its missing parents; does nothing if it exists. */
  makeDirectory(path: string): void
  /** Names (not paths) in a folder, in no particular order. */
  list(path: string): string[]
  /** Whether there is a file or folder of this name. */
  exists(path: string): boolean
  /** The path with symbolic links resolved: all paths to one folder give the same result. */
  realPath(path: string): string
  /** Opens for reading; the file must exist. */
  openForRead(path: string): ReadableFile
  /** Creates an empty file for writing; fails with `EEXIST` when the name is taken. */
  create(path: string): WritableFile
  /** Opens an existing file for appending. */
  openForAppend(path: string): WritableFile
  /** Replaces `to` atomically if it exists. Requires for a folder: `to` does not exist. */
  rename(from: string, to: string): void
  /** Gives a file a second name; fails with `EEXIST` when the name is taken. */
  link(existing: string, name: string): void
  /** Removes a name; open handles stay usable. */
  remove(path: string): void
  /** Fails with `ENOTEMPTY` unless the folder is empty. */
  removeDirectory(path: string): void
  /** Like `remove`, without blocking the thread: freeing a large file takes milliseconds. */
  removeAsync(path: string): Promise<void>
  /** Makes the names in a folder durable. */
  syncDirectory(path: string): void
  /** Like `syncDirectory`, in a thread pool. */
  syncDirectoryAsync(path: string): Promise<void>
  /** Free bytes on the device that holds `path`. */
  freeBytes(path: string): number
}

/** A file opened for reading. */
export interface ReadableFile {
  readonly path: string
  /** Bytes in the file now. */
  sizeBytes(): number
  /**
   * Reads up to `length` bytes from `position` into `target` at `targetOffset`. Returns the number
   * of bytes read, which is less than `length` only at the end of the file.
   */
  read(target: Uint8Array, targetOffset: number, length: number, position: number): number
  /** Like `read`, in a thread pool. */
  readAsync(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number>
  /** Never fails. Closing twice is a programmer error. */
  close(): void
}

/** A file opened for appending. */
export interface WritableFile {
  readonly path: string
  /** Size without reserved bytes: the position of the next append. */
  readonly sizeBytes: number
  /**
   * Appends all of `bytes[start, end)`, or throws. After a throw, `sizeBytes` is unchanged, but
   * some of the bytes may follow it in the file: `truncate(sizeBytes)` removes them.
   */
  append(bytes: Uint8Array, start: number, end: number): void
  /** Cuts the file at `sizeBytes` and releases reserved space after it. */
  truncate(sizeBytes: number): void
  /**
   * Extends the file with zeros to `sizeBytes`. Appends up to that size then do not change its
   * length, which saves a sync half its work. Readers see the zeros. The property `sizeBytes` stays
   * the position of the next append.
   */
  reserve(sizeBytes: number): void
  /**
   * Writes the bytes at `position` again. The next sync then writes them to disk even if an earlier
   * sync, through any handle, failed and left them in memory only.
   */
  rewrite(bytes: Uint8Array, position: number): void
  /**
   * Makes content and size durable (fdatasync). Never call it again after it threw. A `sync` during
   * a `syncAsync` detects its own errors; two concurrent `syncAsync` calls do not.
   */
  sync(): void
  /** Like `sync`, in a thread pool. */
  syncAsync(): Promise<void>
  /**
   * Never fails: callers sync before if the bytes must be durable. Closing twice is a programmer
   * error.
   */
  close(): void
}
