import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BinaryDatabase } from '../database/binary-database.js'
import { UsageError } from '../exit-code.js'

/** Distinguishes a half imported database from one that holds something else. */
export interface ImportMark {
  readonly from: string
  readonly source: string
}

/** Exists in the directory from the first entry of an import until all are verified. */
const markName = 'IMPORTING'

/** The last key that an earlier run has brought, or undefined when this import begins. */
export function beginOrResume(db: BinaryDatabase, mark: ImportMark): Uint8Array | undefined {
  const [last] = db.keys({ reverse: true, limit: 1 })
  const path = join(db.path, markName)
  if (!existsSync(path)) {
    if (last === undefined) writeFileSync(path, JSON.stringify(mark) + '\n')
    else throw new UsageError(`${db.path} holds entries already; import into an empty directory`)
    return undefined
  }
  const { from, source } = readMark(path)
  if (from === mark.from && source === mark.source) return last
  throw new UsageError(
    `${db.path} is half imported from ${source} (${from}): ` +
      'continue that import, or remove the directory',
  )
}

export function endImport(db: BinaryDatabase): void {
  rmSync(join(db.path, markName))
}

function readMark(path: string): Partial<ImportMark> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<ImportMark>
  } catch {
    // A crash may leave it empty. Treat it as another source: the user must look.
    return {}
  }
}
