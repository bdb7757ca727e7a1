/**
 * The effect of an entry on its key. On-disk numbers: never change these values.
 *
 * `merge` and `valuePointer` are reserved, as `putWithExpiry` was. An engine that does not support
 * them then rejects files that contain them instead of misreading them.
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

/** Whether this version of the engine reads and writes the kind. */
export function isSupportedKind(kind: number): boolean {
  return kind <= ValueKind.rangeDelete || kind === ValueKind.putWithExpiry
}

/** Whether the kind is defined but not supported by this version of the engine. */
export function isReservedKind(kind: number): boolean {
  return !isSupportedKind(kind) && kind <= ValueKind.valuePointer
}
