import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { LevelError } from './level-error.js'

/** Where the first edit of a LevelDB MANIFEST ends at the latest, its comparator's name included. */
const probedBytes = 256

/** Refuses a directory that holds a database of LevelDB, which has files of the same names. */
export async function refuseLevelDb(location: string): Promise<void> {
  const current = await firstBytes(join(location, 'CURRENT'))
  const manifest = /^MANIFEST-\d{6,}(?=\n$)/.exec(current)?.[0]
  if (manifest === undefined) return
  if (!(await firstBytes(join(location, manifest))).includes('leveldb.')) return
  throw new LevelError(
    'LEVEL_NOT_SUPPORTED',
    `${location} holds a database of LevelDB: copy it with \`varve import --from leveldb\` of @varve/cli, ` +
      'and open the copy',
  )
}

/** Empty when there is no such file. */
async function firstBytes(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined)
  if (file === undefined) return ''
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(probedBytes), 0, probedBytes, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}
