import { lockName } from '../fs/lock/directory-lock.js'

/**
 * Every file of a database is named by its kind and its number; no file holds a path.
 *
 *     CURRENT          names the MANIFEST in use
 *     LOCK             held by the owner of the directory
 *     READER.0a1b2c…   held by a reader beside the owner
 *     MANIFEST-000014  edits of the tree
 *     000012.log       write-ahead log
 *     000013.sst       table
 *     000013.sst.tmp   any of them during its writing
 */
export const currentName = 'CURRENT'

/**
 * The highest number that a file or a MANIFEST may have. It leaves room for all numbers that a
 * database can ever assign after it. Files with higher numbers are not the database's.
 */
export const maxFileNumber = 2 ** 52

/** File numbers above this are ignored when the next one is chosen. */
const maxFollowedNumber = maxFileNumber / 2

export type FileKind = 'log' | 'table' | 'manifest' | 'current' | 'lock' | 'reader' | 'temporary'

interface ParsedFileName {
  readonly kind: FileKind
  /** 0 for files without a number. */
  readonly number: number
}

export function logName(fileNumber: number): string {
  return `${digits(fileNumber)}.log`
}

export function tableName(fileNumber: number): string {
  return `${digits(fileNumber)}.sst`
}

export function manifestName(fileNumber: number): string {
  return `MANIFEST-${digits(fileNumber)}`
}

/** What `name` is called until it is complete. */
export function temporaryName(name: string): string {
  return `${name}.tmp`
}

/**
 * Undefined for a name that no function above returns for a valid number: such a file is not the
 * database's.
 */
export function parseFileName(name: string): ParsedFileName | undefined {
  if (name.endsWith('.tmp')) {
    const final = parseFileName(name.slice(0, -4))
    if (final === undefined || final.kind === 'temporary') return undefined
    return { kind: 'temporary', number: final.number }
  }
  if (name === currentName) return { kind: 'current', number: 0 }
  if (name === lockName) return { kind: 'lock', number: 0 }
  if (/^READER\.[0-9a-f]+$/.test(name)) return { kind: 'reader', number: 0 }
  const number = Number(/^(?:MANIFEST-)?(\d{6,16})(?:\.log|\.sst)?$/.exec(name)?.[1])
  if (!(number <= maxFileNumber)) return undefined
  if (name === logName(number)) return { kind: 'log', number }
  if (name === tableName(number)) return { kind: 'table', number }
  if (name === manifestName(number)) return { kind: 'manifest', number }
  return undefined
}

interface NeededFiles {
  readonly holdsTable: (fileNumber: number) => boolean
  /** Logs from this number on are needed. */
  readonly logNumber: number
  readonly manifestNumber: number
}

/** The names among `names` of files of a database that nothing needs any more. */
export function unneededFiles(names: readonly string[], needed: NeededFiles): string[] {
  return names.filter((name) => {
    const file = parseFileName(name)
    if (file === undefined) return false
    if (file.kind === 'temporary') return true
    if (file.kind === 'table') return !needed.holdsTable(file.number)
    if (file.kind === 'log') return file.number < needed.logNumber
    if (file.kind === 'manifest') return file.number !== needed.manifestNumber
    return false
  })
}

/** The highest number of a table; 0 when there is none. */
export function highestTable(names: readonly string[]): number {
  let highest = 0
  for (const name of names) {
    const file = parseFileName(name)
    if (file?.kind === 'table') highest = Math.max(highest, file.number)
  }
  return highest
}

/**
 * The first number after those of all files. Ignores numbers so high that the database would soon
 * run out: it could be opened now, and never again.
 */
export function numberBehind(names: readonly string[]): number {
  let next = 1
  for (const name of names) {
    const number = parseFileName(name)?.number ?? 0
    if (number <= maxFollowedNumber) next = Math.max(next, number + 1)
  }
  return next
}

function digits(fileNumber: number): string {
  return String(fileNumber).padStart(6, '0')
}
