import * as fs from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ioError, VarveError } from '../base/errors.js'

/**
 * Creates a directory and its missing parents, one by one; returns those that are new, the topmost
 * first.
 *
 * Not Node's recursive mkdir: that never returns where the system says ENOENT although the parent
 * exists, as in /proc.
 */
export function makeFolders(path: string): string[] {
  const created: string[] = []
  makeFolder(resolve(path), created)
  return created
}

function makeFolder(folder: string, created: string[]): void {
  if (tryMakeFolder(folder, created)) return
  makeFolder(dirname(folder), created)
  if (tryMakeFolder(folder, created)) return
  throw failure(folder, 'ENOENT', `${dirname(folder)} takes no new directories`)
}

/** False when the parent does not exist. */
function tryMakeFolder(folder: string, created: string[]): boolean {
  try {
    fs.mkdirSync(folder)
    created.push(folder)
    return true
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' && dirname(folder) !== folder) return false
    requireFolder(folder, cause)
    return true
  }
}

/** `cause`: why it could not be created. */
function requireFolder(folder: string, cause: unknown): void {
  const found = statOf(folder)
  if (found === 'directory') return
  if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
    throw ioError('create directory', folder, cause)
  }
  if (found === 'ENOENT') {
    throw failure(folder, 'ENOENT', 'it is a symbolic link to a path that does not exist', cause)
  }
  if (found === 'file') throw failure(folder, 'EEXIST', 'it is a file', cause)
  throw ioError('create directory', folder, { code: found })
}

/** What the path leads to, or the code of the error with which it leads nowhere. */
function statOf(path: string): string {
  try {
    return fs.statSync(path).isDirectory() ? 'directory' : 'file'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? ''
  }
}

function failure(path: string, systemCode: string, reason: string, cause?: unknown): VarveError {
  const message = `cannot create directory ${path}: ${reason}`
  return new VarveError('IO', message, { path, file: path, systemCode, cause })
}
