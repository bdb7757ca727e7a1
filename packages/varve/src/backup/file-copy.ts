import { ContentHash } from '../base/content-hash.js'
import { corruption, VarveError } from '../base/errors.js'
import type { Pace } from '../base/pace.js'
import type { FileSystem, ReadableFile, WritableFile } from '../fs/file-system.js'
import type { TableStore } from '../store/table-store.js'

/** Read and written at once. */
const pieceBytes = 256 * 1024

/** What a file holds, in so few bytes that nothing else holds the same. */
export interface FileContent {
  readonly sizeBytes: number
  /** SHA-256, as hexadecimal digits. */
  readonly hash: string
}

/** Reads a file to its end and closes it. */
export async function contentOf(file: ReadableFile, pace: Pace): Promise<FileContent> {
  return readThrough(file, pace, () => {})
}

/**
 * Copies a file to a name that is not taken, durably, closes it and reads the copy again. The name is
 * not synced. When it fails, no copy is left. Throws CORRUPTION when the file does not hold what is
 * `expected`.
 */
export async function copyFile(
  fs: FileSystem,
  from: ReadableFile,
  to: string,
  pace: Pace,
  expected?: FileContent,
): Promise<FileContent> {
  const file = createCopyOf(fs, from, to)
  let isDone = false
  try {
    const append = (piece: Buffer): void => file.append(piece, 0, piece.length)
    const content = await readThrough(from, pace, append)
    if (expected !== undefined) requireSame(from.path, expected, content)
    await file.syncAsync()
    requireSame(to, content, await contentOf(fs.openForRead(to), pace))
    isDone = true
    return content
  } finally {
    file.close()
    if (!isDone) removeQuietly(fs, to)
  }
}

/**
 * Gives a table a second name, or copies it where that cannot be done, as between two devices. Returns
 * the bytes that were written for it.
 */
export async function linkOrCopy(
  fs: FileSystem,
  store: TableStore,
  fileNumber: number,
  to: string,
  pace: Pace,
): Promise<number> {
  try {
    store.link(fileNumber, to)
    await pace.spent(linkCostBytes)
    return 0
  } catch (error) {
    if (!isCannotLink(error)) throw error
  }
  const { sizeBytes } = await copyFile(fs, await store.openAsync(fileNumber), to, pace)
  return sizeBytes
}

/** Throws CORRUPTION unless both are the same. */
export function requireSame(path: string, expected: FileContent, found: FileContent): void {
  if (found.sizeBytes !== expected.sizeBytes) {
    const what = `${found.sizeBytes} bytes instead of ${expected.sizeBytes}`
    throw corruption(path, Math.min(found.sizeBytes, expected.sizeBytes), what)
  }
  if (found.hash !== expected.hash) throw corruption(path, 0, 'other bytes than were copied there')
}

/** For what a failure leaves behind: its error says more. */
export function removeQuietly(fs: FileSystem, path: string): void {
  try {
    fs.remove(path)
  } catch {
    // Stays, then.
  }
}

/** A link takes about as long as copying so many bytes. */
const linkCostBytes = 64 * 1024

/** Other devices, file systems without links, too many names, and those that forbid it. */
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
  pace: Pace,
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
      await pace.spent(count)
    }
  } finally {
    file.close()
  }
}
