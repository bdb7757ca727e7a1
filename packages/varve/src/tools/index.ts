/**
 * Tools for directories that no database has open: verify, repair, dump and back up; and a simulation of
 * compaction policies.
 *
 * @module varve/tools
 */
export {
  backup,
  listBackups,
  pruneBackups,
  restoreBackup,
  verifyBackups,
  type GenerationOptions,
  type ListedBackup,
  type PruneOptions,
} from './backup.js'
export type { BackupReport } from '../backup/make-backup.js'
export type { PruneReport } from '../backup/prune-backups.js'
export type { RestoreReport } from '../backup/restore-backup.js'
export type {
  BackupProblem,
  BackupsVerification,
  VerifiedGeneration,
} from '../backup/verify-backups.js'
export { repair, type RepairOptions } from './repair.js'
export type { RepairedFile, RepairReport } from './repair-report.js'
export { verify } from './verify.js'
export type { VerifiedFile, VerifyReport, VerifyTotals } from './verify-report.js'
export { dump, type DumpOptions } from './dump.js'
export type * from './dump-items.js'
export type { Problem, ProblemKind, Remark } from './problem.js'
export type { ToolOptions } from './tool-options.js'
export { simulate } from './simulate/simulate.js'
export type {
  SimulatedLevel,
  SimulatedPhase,
  SimulatedReads,
  Simulation,
} from './simulate/simulate.js'
export type { SimulatedChange } from './simulate/simulated-choice.js'
export type { SimulateOptions } from './simulate/simulate-options.js'
