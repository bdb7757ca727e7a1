export { openBinary, type BinaryDatabase } from './invocation.js'
export { Progress, type ProgressOptions } from './progress.js'
export { renderExplanation } from './render/explanation.js'
export { renderLevels } from './render/levels.js'
export { renderStats } from './render/stats.js'
export { runShell, type ShellOptions } from './shell/run-shell.js'
export {
  formatByteRate,
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatRate,
  formatRatio,
} from './text/quantity.js'
