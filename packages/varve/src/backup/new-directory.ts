import { dirname, resolve } from 'node:path'
import { invalidArgument } from '../base/errors.js'
import type { FileSystem } from '../fs/file-system.js'
import { removeQuietly } from './file-copy.js'

/**
 * Lets `build` fill a directory under a temporary name, then renames it to `target`. Returns the
 * whole path. Requires: `build` makes its files durable, including their names in the directory.
 *
 * @throws INVALID_ARGUMENT when `target` is not empty
 */
export async function inNewDirectory(
  fs: FileSystem,
  target: string,
  token: string,
  build: (directory: string) => Promise<void>,
): Promise<string> {
  const final = fs.exists(target) ? fs.realPath(target) : resolve(target)
  const parent = dirname(final)
  requireEmpty(fs, final)
  fs.makeDirectory(parent)
  const temporary = `${final}.${token}.tmp`
  fs.makeDirectory(temporary)
  try {
    await build(temporary)
    requireEmpty(fs, final)
    if (fs.exists(final)) fs.removeDirectory(final)
    fs.rename(temporary, final)
    fs.syncDirectory(parent)
    return final
  } catch (error) {
    removeDirectoryQuietly(fs, temporary)
    throw error
  }
}

function requireEmpty(fs: FileSystem, directory: string): void {
  if (!fs.exists(directory) || fs.list(directory).length === 0) return
  throw invalidArgument(`${directory} is not empty: choose a new or an empty directory`)
}

function removeDirectoryQuietly(fs: FileSystem, directory: string): void {
  try {
    for (const name of fs.list(directory)) removeQuietly(fs, `${directory}/${name}`)
    fs.removeDirectory(directory)
  } catch {
    // The original error says more.
  }
}
