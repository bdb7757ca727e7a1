import { ContentHash } from '../base/bytes/content-hash.js'
import { corruption, VarveError } from '../base/errors.js'
import type { Yielder } from '../base/yielder.js'
import type { FileSystem, ReadableFile, WritableFile } from '../fs/file-system.js'
import type { TableStore } from '../store/table-store.js'

/** Bytes per read and write. */
const pieceBytes = 256 * 1024

/** Identifies the bytes of a file. */
export interface FileContent {
  readonly sizeBytes: number
  /** SHA-256, as hexadecimal digits. */
  readonly hash: string
}

/** Reads a file to its end and closes it. */
export async function contentOf(file: ReadableFile, yielder: Yielder): Promise<FileContent> {
  return readThrough(file, yielder, () => {})
}

/**
 * Copies a file durably to a new name, closes it and reads the copy back. Does not sync the name.
 * If it fails, it removes the copy. Throws CORRUPTION when the file does not hold the `expected`
 * bytes.
 */
export async function copyFile(
  fs: FileSystem,
  from: ReadableFile,
  to: string,
  yielder: Yielder,
  expected?: FileContent,
): Promise<FileContent> {
  const file = createCopyOf(fs, from, to)
  let isDone = false
  try {
    const append = (piece: Buffer): void => file.append(piece, 0, piece.length)
    const content = await readThrough(from, yielder, append)
    if (expected !== undefined) requireSame(from.path, expected, content)
    await file.syncAsync()
    requireSame(to, content, await contentOf(fs.openForRead(to), yielder))
    isDone = true
    return content
  } finally {
    file.close()
    if (!isDone) removeQuietly(fs, to)
  }
}

/**
 * Links a table, or copies it where links cannot be made, such as between two devices. Returns the
 * bytes written.
 */
export async function linkOrCopy(
  fs: FileSystem,
  store: TableStore,
  fileNumber: number,
  to: string,
  yielder: Yielder,
): Promise<number> {
  try {
    store.link(fileNumber, to)
    await yielder.afterStep(linkCostBytes)
    return 0
  } catch (error) {
    if (!isCannotLink(error)) throw error
  }
  const { sizeBytes } = await copyFile(fs, await store.openAsync(fileNumber), to, yielder)
  return sizeBytes
}

/** Throws CORRUPTION unless both are equal. */
export function requireSame(path: string, expected: FileContent, found: FileContent): void {
  if (found.sizeBytes !== expected.sizeBytes) {
    const what = `${found.sizeBytes} bytes instead of ${expected.sizeBytes}`
    throw corruption(path, Math.min(found.sizeBytes, expected.sizeBytes), what)
  }
  if (found.hash !== expected.hash) throw corruption(path, 0, 'content differs from its hash')
}

/** Removes the remains of a failure, whose own error says more. */
export function removeQuietly(fs: FileSystem, path: string): void {
  try {
    fs.remove(path)
  } catch {
    // The file stays.
  }
}

/** A link takes about as long as copying this many bytes. */
const linkCostBytes = 64 * 1024

/** Different devices, no links in the file system, too many links, or no permission. */
const cannotLinkCodes = ['EXDEV', 'EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

function isCannotLink(error: unknown): boolean {
  if (!(error instanceof VarveError)) return false
  return error.code === 'UNSUPPORTED' || cannotLinkCodes.includes(error.systemCode ?? '')
}

/** Closes `from` when the copy cannot be created. */
function createCopyOf(fs: FileSystem, from: ReadableFile, to: string): WritableFile {
  try {
    return fs.create(to)
  } catch (error) {
    from.close()
    throw error
  }
}

async function readThrough(
  file: ReadableFile,
  yielder: Yielder,
  take: (piece: Buffer) => void,
): Promise<FileContent> {
  try {
    const hash = new ContentHash()
    const buffer = Buffer.allocUnsafe(pieceBytes)
    let sizeBytes = 0
    for (;;) {
      const count = await file.readAsync(buffer, 0, pieceBytes, sizeBytes)
      const piece = buffer.subarray(0, count)
      hash.update(piece)
      take(piece)
      sizeBytes += count
      if (count < pieceBytes) return { sizeBytes, hash: hash.digest() }
      await yielder.afterStep(count)
    }
  } finally {
    file.close()
  }
}
