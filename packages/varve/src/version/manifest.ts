import { corruption, VarveError, unsupportedFormat } from '../base/errors.js'
import type { FileSystem } from '../fs/file-system.js'
import { fileHeaderBytes, hasFileMagic, LogPurpose } from '../log/log-format.js'
import { LogReader } from '../log/log-reader.js'
import { LogWriter } from '../log/log-writer.js'
import { currentName, manifestName, parseFileName, temporaryName } from '../store/file-names.js'
import { decodeEdit, encodeEdit, type VersionEdit } from './version-edit.js'

/** Format version of the edits in a MANIFEST, stored in its first record. */
export const manifestFormatVersion = 1

/** CURRENT holds one short name; a longer file is damaged. */
const maxCurrentBytes = 64

/** Whether the directory has a database. Throws CORRUPTION if the database lost its CURRENT. */
export function databaseExists(fs: FileSystem, directory: string): boolean {
  if (!fs.exists(directory)) return false
  const names = fs.list(directory)
  if (names.includes(currentName)) return true
  const orphan = names.find((name) => {
    const kind = parseFileName(name)?.kind
    return kind === 'table' || kind === 'log'
  })
  if (orphan === undefined) return false
  throw new VarveError(
    'CORRUPTION',
    `${directory} has ${orphan} but no ${currentName}: the database lost the file that names its ` +
      `MANIFEST; run 'varve repair' to recover it`,
    { path: directory, file: `${directory}/${currentName}`, offset: 0 },
  )
}

/** The number of the MANIFEST that CURRENT names. */
export function readCurrent(fs: FileSystem, directory: string): number {
  const path = `${directory}/${currentName}`
  const file = fs.openForRead(path)
  try {
    const bytes = Buffer.alloc(maxCurrentBytes)
    const text = bytes.toString('latin1', 0, file.read(bytes, 0, bytes.length, 0))
    const name = text.endsWith('\n') ? text.slice(0, -1) : ''
    const parsed = parseFileName(name)
    if (parsed?.kind !== 'manifest') throw corruption(path, 0, 'not the name of a MANIFEST')
    return parsed.number
  } finally {
    file.close()
  }
}

/** False if CURRENT names a file of LevelDB or RocksDB, which use the same names. */
export function isOwnManifest(fs: FileSystem, directory: string): boolean {
  const path = `${directory}/${manifestName(readCurrent(fs, directory))}`
  if (!fs.exists(path)) return true
  const file = fs.openForRead(path)
  try {
    const start = Buffer.alloc(fileHeaderBytes)
    const count = file.read(start, 0, start.length, 0)
    return count < start.length || hasFileMagic(start)
  } finally {
    file.close()
  }
}

/**
 * Calls `apply` with each edit of a MANIFEST, in order. Skips a torn edit, which never took effect.
 * `apply` gets the path and offset of the edit for its error messages.
 */
export function replayManifest(
  fs: FileSystem,
  directory: string,
  manifestNumber: number,
  apply: (edit: VersionEdit, path: string, offset: number) => void,
): void {
  const path = `${directory}/${manifestName(manifestNumber)}`
  const reader = openManifest(fs, directory, manifestNumber)
  try {
    let isFirst = true
    for (let record = reader.next(); record !== undefined; record = reader.next()) {
      const edit = decodeEdit(record)
      if (edit === 'damaged') throw corruption(path, reader.recordOffset, 'malformed version edit')
      if (edit === 'unsupported')
        throw unsupportedFormat(path, 'an unknown edit', reader.recordOffset)
      if (isFirst && edit.formatVersion !== manifestFormatVersion) {
        throw unsupportedFormat(path, 'an unknown edit', reader.recordOffset)
      }
      apply(edit, path, reader.recordOffset)
      isFirst = false
    }
    // CURRENT named this file only after its first edit was durable.
    if (isFirst) throw corruption(path, 0, 'no version edit')
  } finally {
    reader.close()
  }
}

/** Writes a MANIFEST with one edit that describes the whole state, and makes it current. */
export function startManifest(
  fs: FileSystem,
  directory: string,
  manifestNumber: number,
  snapshot: VersionEdit,
): LogWriter {
  const writer = writeManifest(fs, directory, manifestNumber, snapshot)
  try {
    makeCurrent(fs, directory)
    return writer
  } catch (error) {
    writer.close()
    throw error
  }
}

/**
 * Writes a MANIFEST with one edit that describes the whole state, and syncs it. `makeCurrent` then
 * makes it current. If writing fails, nothing changes.
 */
export function writeManifest(
  fs: FileSystem,
  directory: string,
  manifestNumber: number,
  snapshot: VersionEdit,
): LogWriter {
  const path = `${directory}/${manifestName(manifestNumber)}`
  const writer = LogWriter.create(fs, path, LogPurpose.manifest, manifestNumber)
  try {
    writer.append(encodeEdit({ ...snapshot, formatVersion: manifestFormatVersion }))
    writer.sync()
    // Its name must be durable before CURRENT refers to it.
    fs.syncDirectory(directory)
    writeCurrent(fs, directory, manifestNumber)
    return writer
  } catch (error) {
    writer.close()
    removeQuietly(fs, path)
    removeQuietly(fs, temporaryName(`${directory}/${currentName}`))
    throw error
  }
}

/**
 * Makes the MANIFEST from the last `writeManifest` current. After a power loss at any time, CURRENT
 * names a complete MANIFEST, the old or the new one. If this throws, it is unknown which.
 */
export function makeCurrent(fs: FileSystem, directory: string): void {
  const path = `${directory}/${currentName}`
  fs.rename(temporaryName(path), path)
  fs.syncDirectory(directory)
}

function openManifest(fs: FileSystem, directory: string, manifestNumber: number): LogReader {
  const path = `${directory}/${manifestName(manifestNumber)}`
  if (!fs.exists(path)) {
    throw corruption(`${directory}/${currentName}`, 0, 'the name of a missing MANIFEST')
  }
  return LogReader.open(fs, path, LogPurpose.manifest, manifestNumber)
}

/** Writes the next CURRENT under a temporary name. */
function writeCurrent(fs: FileSystem, directory: string, manifestNumber: number): void {
  const temporary = temporaryName(`${directory}/${currentName}`)
  if (fs.exists(temporary)) fs.remove(temporary)
  const file = fs.create(temporary)
  try {
    const line = Buffer.from(`${manifestName(manifestNumber)}\n`, 'latin1')
    file.append(line, 0, line.length)
    file.sync()
  } finally {
    file.close()
  }
}

/** A file that cannot be removed is left for the next open. */
function removeQuietly(fs: FileSystem, path: string): void {
  try {
    fs.remove(path)
  } catch {
    // The caller throws the original error.
  }
}
