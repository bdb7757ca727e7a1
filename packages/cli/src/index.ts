export { openBinary, type BinaryDatabase } from './database/binary-database.js'
export { Progress, type ProgressOptions } from './terminal/progress.js'
export { renderLevels } from './render/levels.js'
export { runShell, type ShellOptions } from './shell/run-shell.js'
export {
  formatByteRate,
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatRate,
} from './text/quantity.js'
