/**
 * What an entry does to its key. On-disk numbers: never change these values.
 *
 * `merge` and `valuePointer` have their numbers from the start, as `putWithExpiry` had, so that files
 * which hold them are refused by an engine that does not know them, instead of being misread.
 */
export const ValueKind = {
  delete: 0,
  put: 1,
  rangeDelete: 2,
  merge: 3,
  putWithExpiry: 4,
  valuePointer: 5,
} as const

export type ValueKind = (typeof ValueKind)[keyof typeof ValueKind]

/** True for the kinds that this version of the engine reads and writes. */
export function isSupportedKind(kind: number): boolean {
  return kind <= ValueKind.rangeDelete || kind === ValueKind.putWithExpiry
}

/** True for the kinds that have a number and a meaning, but not in this version of the engine. */
export function isReservedKind(kind: number): boolean {
  return !isSupportedKind(kind) && kind <= ValueKind.valuePointer
}
