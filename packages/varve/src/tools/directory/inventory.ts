import { type LogIdentity, fileHeaderBytes, identityOf, LogPurpose } from '../../log/log-format.js'
import { footerBytes, hasTableMagic } from '../../sstable/format/table-format.js'
import { type FileKind, parseFileName } from '../../store/file-names.js'
import { problemOf } from './problem.js'
import type { Site } from './tool-options.js'

type Content = 'log' | 'manifest' | 'table'

/** A file with a name of the database's, and what is in it, which may be something else. */
export interface FoundFile {
  readonly name: string
  readonly path: string
  readonly named: FileKind
  /**
   * By its first or last bytes, or by its name when these are damaged; undefined: nothing of use.
   */
  readonly holds: Content | undefined
  /** Of a log and a MANIFEST the number in the header, of all others the one in the name. */
  readonly number: number
  /** Whether the bytes themselves say what they are. */
  readonly isIdentified: boolean
}

/** Kinds of files that hold nothing of the database. */
const noContent: ReadonlySet<FileKind> = new Set<FileKind>(['temporary', 'lock', 'reader'])

/** The files in a directory that are, or were, a database's. Those of others are left out. */
export function takeInventory(site: Site): FoundFile[] {
  const files: FoundFile[] = []
  for (const name of site.fs.list(site.directory)) {
    const parsed = parseFileName(name)
    if (parsed === undefined || noContent.has(parsed.kind)) continue
    files.push(identify(site, name, parsed.kind, parsed.number))
  }
  return files.sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1))
}

/**
 * One file, which need not have a name of the database's. Undefined when it is none of a database.
 */
export function identifyFile(site: Site, name: string): FoundFile | undefined {
  const parsed = parseFileName(name)
  const file = identify(site, name, parsed?.kind ?? 'temporary', parsed?.number ?? 0)
  return parsed === undefined && !file.isIdentified ? undefined : file
}

function identify(site: Site, name: string, named: FileKind, number: number): FoundFile {
  const path = `${site.directory}/${name}`
  const { head, tail } = endsOf(site, path)
  const base = { name, path, named }
  const log: LogIdentity | undefined = identityOf(head)
  if (log !== undefined) {
    const holds = log.purpose === LogPurpose.manifest ? 'manifest' : 'log'
    return { ...base, holds, number: log.fileNumber, isIdentified: true }
  }
  if (hasTableMagic(head, tail)) return { ...base, holds: 'table', number, isIdentified: true }
  const holds = named === 'log' || named === 'manifest' || named === 'table' ? named : undefined
  return { ...base, holds, number, isIdentified: false }
}

/** The first and the last bytes of a file; none when it cannot be read. */
function endsOf({ fs }: Site, path: string): { head: Buffer; tail: Buffer } {
  const head = Buffer.alloc(fileHeaderBytes)
  const tail = Buffer.alloc(footerBytes)
  try {
    const file = fs.openForRead(path)
    try {
      const headBytes = file.read(head, 0, head.length, 0)
      const tailStart = Math.max(0, file.sizeBytes() - tail.length)
      const tailBytes = file.read(tail, 0, tail.length, tailStart)
      return { head: head.subarray(0, headBytes), tail: tail.subarray(0, tailBytes) }
    } finally {
      file.close()
    }
  } catch (error) {
    problemOf(error, path)
    return { head: head.subarray(0, 0), tail: tail.subarray(0, 0) }
  }
}
