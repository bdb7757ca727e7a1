import type { FileSystem } from '../fs/file-system.js'
import { parseFileName } from '../store/file-names.js'
import type { ReplayedLog } from './replay.js'

/** The logs in a directory with number `logNumber` or higher, oldest first. */
export function logsFrom(fs: FileSystem, directory: string, logNumber: number): ReplayedLog[] {
  return fs
    .list(directory)
    .flatMap((name) => {
      const file = parseFileName(name)
      if (file?.kind !== 'log' || file.number < logNumber) return []
      return [{ logNumber: file.number, path: `${directory}/${name}` }]
    })
    .sort((a, b) => a.logNumber - b.logNumber)
}
