import { isNotFound, VarveError } from '../../base/errors.js'
import { type FileKind, parseFileName } from '../../store/file-names.js'
import { type DirectoryOwner, ownerOf } from './directory-owner.js'
import { type Site, siteOf, type ToolOptions } from './tool-options.js'

/** What a directory shows from outside. */
export interface DirectoryDescription {
  /** The directory, with symbolic links resolved. */
  readonly path: string
  /** The process that has the database open for writing. */
  readonly owner?: DirectoryOwner
  readonly files: {
    /** All there are, also those that the owner keeps only for its readers. */
    readonly tables: FileTotals
    readonly logs: FileTotals
    readonly manifests: FileTotals
    /** Files that are being written, or that a crash left. */
    readonly temporary: FileTotals
  }
}

/** How many files, and their size. */
export interface FileTotals {
  readonly count: number
  readonly sizeBytes: number
}

/**
 * Describes the directory of a database without opening it: which process owns it, and its files.
 * Changes nothing.
 *
 * @throws IO when the directory cannot be listed
 */
export function describeDirectory(
  directory: string | URL,
  options: ToolOptions = {},
): Promise<DirectoryDescription> {
  return new Promise((resolve) => resolve(describe(siteOf(directory, options))))
}

function describe(site: Site): DirectoryDescription {
  const totals = new Map<FileKind, FileTotals>()
  for (const name of site.fs.list(site.directory)) {
    const kind = parseFileName(name)?.kind
    if (kind === undefined) continue
    const sizeBytes = sizeOf(site, name)
    if (sizeBytes === undefined) continue
    const { count, sizeBytes: before } = totals.get(kind) ?? nothing
    totals.set(kind, { count: count + 1, sizeBytes: before + sizeBytes })
  }
  const owner = ownerOf(site)
  return {
    path: site.directory,
    ...(owner === undefined ? {} : { owner }),
    files: {
      tables: totals.get('table') ?? nothing,
      logs: totals.get('log') ?? nothing,
      manifests: totals.get('manifest') ?? nothing,
      temporary: totals.get('temporary') ?? nothing,
    },
  }
}

const nothing: FileTotals = { count: 0, sizeBytes: 0 }

/** Undefined when the file has gone since it was listed. */
function sizeOf({ fs, directory }: Site, name: string): number | undefined {
  try {
    const file = fs.openForRead(`${directory}/${name}`)
    try {
      return file.sizeBytes()
    } finally {
      file.close()
    }
  } catch (error) {
    if (error instanceof VarveError && isNotFound(error)) return undefined
    throw error
  }
}
