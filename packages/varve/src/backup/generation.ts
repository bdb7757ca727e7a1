import { contentHashOf } from '../base/bytes/content-hash.js'
import { corruption, unsupportedFormat } from '../base/errors.js'
import type { FileSystem } from '../fs/file-system.js'
import { currentName, parseFileName } from '../store/file-names.js'
import type { FileContent } from './file-copy.js'

/**
 * One backup: the state of a database at one time, as a list of files. Their bytes are in the
 * contents folder, named by their hashes. On disk, a generation is two lines of text:
 *
 *     {"format":1,"generation":3,"createdAtMs":…,"source":"/data","sequence":81,"files":[
 *       {"name":"000012.sst","sizeBytes":4096,"hash":"9f86d081…"}, …]}
 *     the SHA-256 of the first line, as hexadecimal digits
 */
export interface Generation {
  /** Starts at 1 in a backup directory and is never reused. */
  readonly generation: number
  /** Milliseconds since 1970. */
  readonly createdAtMs: number
  /** Path of the database. */
  readonly source: string
  /** Sequence of the last write; see `stats().sequence`. */
  readonly sequence: number
  /** The files of the database, CURRENT last. */
  readonly files: readonly BackedUpFile[]
}

export interface BackedUpFile extends FileContent {
  /** Relative to the database directory. */
  readonly name: string
}

/** In the first field of each generation; see docs/formats/backup.md. */
const backupFormatVersion = 1

/** Enough for a list of a million files. */
const maxGenerationBytes = 256 * 1024 * 1024

export function encodeGeneration(generation: Generation): Buffer {
  const line = JSON.stringify({ format: backupFormatVersion, ...generation })
  return Buffer.from(`${line}\n${contentHashOf(Buffer.from(line))}\n`)
}

/** Throws CORRUPTION unless the checksum matches, UNSUPPORTED_FORMAT for a later format, IO. */
export function readGeneration(fs: FileSystem, path: string): Generation {
  const [line, hash, rest] = readText(fs, path).split('\n')
  if (rest !== '' || contentHashOf(Buffer.from(line)) !== hash) {
    throw corruption(path, 0, 'wrong checksum of a generation')
  }
  // A checksum is no proof against tampering, so names must not lead out of the restored directory.
  const value = parse(line)
  if (typeof value?.format === 'number' && value.format !== backupFormatVersion) {
    throw unsupportedFormat(path, `format ${value.format}`)
  }
  if (value === undefined || !isSound(value)) {
    throw corruption(path, 0, 'invalid fields in a generation')
  }
  return value
}

/** Not validated yet. */
type ParsedGeneration = Generation & { readonly format?: unknown }

function parse(line: string): ParsedGeneration | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as ParsedGeneration) : undefined
  } catch {
    return undefined
  }
}

/** Bytes of the whole database; other backups may share some of them. */
export function sizeOf({ files }: Generation): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

export function tableCountOf({ files }: Generation): number {
  return files.filter(({ name }) => parseFileName(name)?.kind === 'table').length
}

function readText(fs: FileSystem, path: string): string {
  const file = fs.openForRead(path)
  try {
    const sizeBytes = file.sizeBytes()
    if (sizeBytes > maxGenerationBytes) throw corruption(path, 0, 'a generation that is too long')
    const bytes = Buffer.alloc(sizeBytes)
    return bytes.toString('utf8', 0, file.read(bytes, 0, sizeBytes, 0))
  } finally {
    file.close()
  }
}

function isSound({ generation, createdAtMs, source, sequence, files }: Generation): boolean {
  const numbers = [generation, createdAtMs, sequence]
  return (
    numbers.every((number) => Number.isSafeInteger(number) && number >= 0) &&
    typeof source === 'string' &&
    Array.isArray(files) &&
    isSoundList(files as readonly BackedUpFile[])
  )
}

function isSoundList(files: readonly BackedUpFile[]): boolean {
  if (!files.every(isSoundFile)) return false
  const names = new Set(files.map(({ name }) => name))
  return names.size === files.length && files.at(-1)?.name === currentName
}

function isSoundFile(file: unknown): boolean {
  const { name, sizeBytes, hash } = (file ?? {}) as Partial<Record<keyof BackedUpFile, unknown>>
  const kind = typeof name === 'string' ? parseFileName(name)?.kind : undefined
  const isNamed = kind === 'table' || kind === 'log' || kind === 'manifest' || name === currentName
  const isSized = Number.isSafeInteger(sizeBytes) && (sizeBytes as number) >= 0
  return isNamed && isSized && typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)
}
