/**
 * A drop-in for classic-level: an abstract-level database on the engine.
 *
 * @module @varve/level
 */
export { levelKeys } from './level-encoding.js'
export { VarveLevel } from './varve-level.js'
export type { LevelErrorCode } from './level-error.js'
export type * from './level-types.js'
