import type { FileSystem } from '../../../fs/file-system.js'
import { checkpointPath } from './scenario.js'

/** Removes CURRENT first, durably, so that a half-removed checkpoint does not look whole. */
export function removeCheckpoint(fs: FileSystem): void {
  if (!fs.exists(checkpointPath)) return
  const current = `${checkpointPath}/CURRENT`
  if (fs.exists(current)) fs.remove(current)
  fs.syncDirectory(checkpointPath)
  for (const name of fs.list(checkpointPath)) fs.remove(`${checkpointPath}/${name}`)
  fs.removeDirectory(checkpointPath)
}
