import type { Prng } from '../../base/prng.js'
import type { GrowingBytes } from './growing-bytes.js'

/** The effect of a power loss on unsynced changes. */
export interface CrashFate {
  /**
   * - `none`: no change survives.
   * - `all`: every change survives.
   * - `random`: of each write, nothing, some sectors or everything survives; a lost write may leave
   *   zeros where it made the file longer. Each name survives or not independently.
   * - `torn`: a prefix of the writes to each file survives, the last one cut at a sector; a prefix
   *   of the name changes in each folder survives.
   */
  readonly unsynced: 'none' | 'all' | 'random' | 'torn'
  readonly prng: Prng
  /** The unit that the device writes completely or not at all, such as 512. */
  readonly sectorBytes: number
}

/** A change of a file's content. It owns `bytes`. */
export type ContentChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly sizeBytes: number }

export function applyContentChange(content: GrowingBytes, change: ContentChange): void {
  if (change.kind === 'write') content.write(change.position, change.bytes)
  else content.resize(change.sizeBytes)
}

/** Applies the surviving part of `changes` to `content`, the synced bytes. */
export function settleContent(
  content: GrowingBytes,
  changes: readonly ContentChange[],
  fate: CrashFate,
): void {
  const whole = countOfWholeChanges(changes.length, fate)
  for (let i = 0; i < whole; i++) {
    if (fate.unsynced === 'random') applySomeOf(content, changes[i], fate)
    else applyContentChange(content, changes[i])
  }
  const last = changes[whole]
  if (fate.unsynced === 'torn' && last?.kind === 'write') applyTorn(content, last, fate)
}

/** The surviving changes of a folder's unsynced ones, in order. */
export function survivingNameChanges<T>(changes: readonly T[], fate: CrashFate): T[] {
  const kept = changes.slice(0, countOfWholeChanges(changes.length, fate))
  return fate.unsynced === 'random' ? kept.filter(() => fate.prng.chance(0.5)) : kept
}

function countOfWholeChanges(count: number, fate: CrashFate): number {
  switch (fate.unsynced) {
    case 'none':
      return 0
    case 'torn':
      return fate.prng.below(count + 1)
    case 'all':
    case 'random':
      return count
  }
}

function applySomeOf(content: GrowingBytes, change: ContentChange, fate: CrashFate): void {
  const { prng, sectorBytes } = fate
  const survival = prng.pick([0, 0.5, 1])
  if (change.kind === 'truncate') {
    if (prng.chance(survival)) content.resize(change.sizeBytes)
    return
  }
  const { position, bytes } = change
  const grew = prng.chance(0.5)
  for (let start = 0; start < bytes.length;) {
    const end = Math.min(bytes.length, start + sectorBytes - ((position + start) % sectorBytes))
    if (prng.chance(survival)) content.write(position + start, bytes.subarray(start, end))
    start = end
  }
  if (grew) content.resize(Math.max(content.sizeBytes, position + bytes.length))
}

/**
 * Applies the part of a write before a random sector boundary inside it; nothing if there is none.
 */
function applyTorn(
  content: GrowingBytes,
  change: Extract<ContentChange, { kind: 'write' }>,
  fate: CrashFate,
): void {
  const { position, bytes } = change
  const firstSector = Math.floor(position / fate.sectorBytes)
  const lastSector = Math.floor((position + bytes.length) / fate.sectorBytes)
  const cut = fate.prng.between(firstSector, lastSector) * fate.sectorBytes
  if (cut > position) content.write(position, bytes.subarray(0, cut - position))
}
