export { levelKeys } from './level-encoding.js'
export { VarveLevel } from './varve-level.js'
export type { LevelErrorCode } from './level-error.js'
export type * from './level-types.js'
