import type { FileSystem } from '../../../fs/file-system.js'
import { checkpointPath } from './scenario.js'

/** CURRENT first, durably: what a crash half-way leaves is not taken for a whole one. */
export function removeCheckpoint(fs: FileSystem): void {
  if (!fs.exists(checkpointPath)) return
  const current = `${checkpointPath}/CURRENT`
  if (fs.exists(current)) fs.remove(current)
  fs.syncDirectory(checkpointPath)
  for (const name of fs.list(checkpointPath)) fs.remove(`${checkpointPath}/${name}`)
  fs.removeDirectory(checkpointPath)
}
