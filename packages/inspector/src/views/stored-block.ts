import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileSystem, VarveError } from 'varve'
import type { BinaryDatabase } from '../live/broadcast.js'

const maxBlockBytes = 8 << 20
const fileNumberDigits = 6

/** Where a block is. */
export interface BlockPlace {
  readonly fileNumber: number
  readonly offset: number
  readonly sizeBytes: number
}

/**
 * The bytes of a block as they are in the file, with its trailer.
 *
 * @throws INVALID_ARGUMENT if no table of the database has this number, or the block is too large
 */
export async function readStoredBlock(
  db: BinaryDatabase,
  files: { fileSystem?: FileSystem },
  { fileNumber, offset, sizeBytes }: BlockPlace,
): Promise<Buffer> {
  const tables = db.levels().flatMap((level) => level.tables)
  const table = tables.find((one) => one.fileNumber === fileNumber)
  if (table === undefined) throw invalid(`the tree has no table ${fileNumber} any more`)
  if (sizeBytes > maxBlockBytes) throw invalid('the block is too large to be shown')
  if (offset + sizeBytes > table.sizeBytes) throw invalid('the block ends after its table')
  const path = join(db.path, `${String(fileNumber).padStart(fileNumberDigits, '0')}.sst`)
  const bytes = Buffer.alloc(sizeBytes)
  if (files.fileSystem === undefined) await readFromDisk(path, bytes, offset)
  else readFrom(files.fileSystem, path, bytes, offset)
  return bytes
}

async function readFromDisk(path: string, bytes: Buffer, offset: number): Promise<void> {
  const file = await open(path)
  try {
    await file.read(bytes, 0, bytes.length, offset)
  } finally {
    await file.close()
  }
}

function readFrom(fs: FileSystem, path: string, bytes: Buffer, offset: number): void {
  const file = fs.openForRead(path)
  try {
    file.read(bytes, 0, bytes.length, offset)
  } finally {
    file.close()
  }
}

function invalid(message: string): VarveError {
  return new VarveError('INVALID_ARGUMENT', message)
}
