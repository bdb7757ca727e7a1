/**
 * The one seam through which the engine touches files. Everything durable passes here, so an
 * implementation that forgets, tears or refuses operations can prove what survives.
 *
 * Contract, held by one suite over every implementation:
 * - Failures are thrown as VarveError `IO`, with `systemCode` (`ENOENT`, `ENOSPC`, …) and `cause`.
 * - Written bytes survive the process at once, and power loss only after `sync`.
 * - A created, linked, renamed or removed name survives power loss only after `syncDirectory` of its
 *   folder.
 * - Synchronous operations are done when they return. Asynchronous ones may run in a thread pool.
 */
export interface FileSystem {
  /** True when another thread can reach the same files through a NodeFileSystem of its own. */
  readonly sharedWithThreads: boolean

  /** Creates a folder and its missing parents; does nothing when it is there. */
  makeDirectory(path: string): void
  /** Names (not paths) in a folder, in no particular order. */
  list(path: string): string[]
  /** Whether there is a file or folder of this name. */
  exists(path: string): boolean
  /** The path with symbolic links resolved: two ways to one folder give one answer. */
  realPath(path: string): string
  /** Opens for reading; the file must exist. */
  openForRead(path: string): ReadableFile
  /** Creates an empty file for writing; fails with `EEXIST` when the name is taken. */
  create(path: string): WritableFile
  /** Opens an existing file for writing behind its last byte. */
  openForAppend(path: string): WritableFile
  /** Replaces `to` atomically when it exists. A folder gets only a name that is not taken. */
  rename(from: string, to: string): void
  /** Gives a file a second name; fails with `EEXIST` when the name is taken. */
  link(existing: string, name: string): void
  /** Takes a file's name away; handles that are open stay usable. */
  remove(path: string): void
  /** Fails with `ENOTEMPTY` when the folder holds anything. */
  removeDirectory(path: string): void
  /** The same without blocking the thread: freeing the space of a large file takes milliseconds. */
  removeAsync(path: string): Promise<void>
  /** Makes the names in a folder durable. */
  syncDirectory(path: string): void
  /** The same in a thread pool. */
  syncDirectoryAsync(path: string): Promise<void>
  /** Bytes that may still be written on the device that holds `path`. */
  freeBytes(path: string): number
}

/** A file opened for reading. */
export interface ReadableFile {
  readonly path: string
  /** Bytes in the file now. */
  sizeBytes(): number
  /**
   * Reads up to `length` bytes from `position` into `target` at `targetOffset`; returns how many came,
   * which is less than asked only at the end of the file.
   */
  read(target: Uint8Array, targetOffset: number, length: number, position: number): number
  /** As `read`, in a thread pool. */
  readAsync(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number>
  /** Never fails. Closing twice is a programmer error. */
  close(): void
}

/** A file opened for writing behind its end. */
export interface WritableFile {
  readonly path: string
  /** Bytes in the file: where the next append goes. */
  readonly sizeBytes: number
  /**
   * Writes all of `bytes[start, end)` behind the last byte, or throws. After a throw, `sizeBytes` is
   * unchanged but part of the bytes may stand behind it: `truncate(sizeBytes)` undoes them.
   */
  append(bytes: Uint8Array, start: number, end: number): void
  /** Cuts the file at `sizeBytes`, and gives back what was reserved behind it. */
  truncate(sizeBytes: number): void
  /**
   * Sets the file up to reach `sizeBytes`, with zeros behind what was appended: appends then do not
   * change its length, which spares a sync half its work. Readers see the zeros. `sizeBytes` of the
   * file stays where the next append goes.
   */
  reserve(sizeBytes: number): void
  /**
   * Writes bytes once more that stand at `position` already. The next sync then brings them to the disk
   * even when an earlier one, of whoever had the file open, failed and left them in memory only.
   */
  rewrite(bytes: Uint8Array, position: number): void
  /**
   * Makes content and size durable (fdatasync). Never call again after it threw. A `sync` beside a
   * `syncAsync` that is under way is told of errors for itself; two of the latter at a time are not.
   */
  sync(): void
  /** As `sync`, in a thread pool. */
  syncAsync(): Promise<void>
  /** Never fails: what must be durable was synced before. Closing twice is a programmer error. */
  close(): void
}
