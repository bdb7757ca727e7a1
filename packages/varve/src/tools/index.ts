export { verify } from './verify.js'
export type { VerifiedFile, VerifyReport, VerifyTotals } from './verify-report.js'
export type { Problem, ProblemKind, Remark } from './problem.js'
export type { ToolOptions } from './tool-options.js'
