import type { FileSystem } from '../../fs/file-system.js'
import { parseFileName } from '../../version/file-names.js'

/** File numbers that were set aside for a job. */
interface SetAside {
  readonly firstFileNumber: number
  readonly fileNumberCount: number
}

/**
 * Removes whatever a job has written that did not come to its end, or whose tables are not wanted.
 * Requires: no edit names them, and nobody writes them any more. Never throws: what cannot be removed
 * is left for the next open, which removes every file that nothing refers to.
 */
export function removeLeftovers(
  fs: FileSystem,
  directory: string,
  { firstFileNumber, fileNumberCount }: SetAside,
): void {
  try {
    for (const name of fs.list(directory)) {
      const number = (parseFileName(name)?.number ?? 0) - firstFileNumber
      if (number >= 0 && number < fileNumberCount) fs.remove(`${directory}/${name}`)
    }
  } catch {
    // See above.
  }
}
