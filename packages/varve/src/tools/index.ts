/**
 * Tools for directories that no database has open: verify, repair, dump and back up; and a
 * simulation of compaction policies.
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
export { repair, type RepairOptions } from './repair/repair.js'
export type { RepairedFile, RepairReport } from './repair/repair-report.js'
export { verify } from './verify/verify.js'
export type { VerifiedFile, VerifyReport, VerifyTotals } from './verify/verify-report.js'
export { dump, type DumpOptions } from './dump/dump.js'
export type * from './dump/dump-items.js'
export {
  describeDirectory,
  type DirectoryDescription,
  type FileTotals,
} from './directory/describe-directory.js'
export type { DirectoryOwner } from './directory/directory-owner.js'
export type { Problem, ProblemKind, Remark } from './directory/problem.js'
export type { ToolOptions } from './directory/tool-options.js'
export { simulate } from '../simulate/simulate.js'
export type {
  SimulatedLevel,
  SimulatedPhase,
  SimulatedReads,
  Simulation,
} from '../simulate/simulate.js'
export type { SimulatedChange } from '../simulate/simulated-choice.js'
export type { SimulateOptions } from '../simulate/simulate-options.js'
