import { maxSealedMemtables } from '../../tree/arena-pool.js'
import type { StallThresholds } from '../../compaction/pickers/compaction-options.js'
import type { StallCause } from '../api.js'

/**
 * Fill of the active memtable above which writes slow down, so that the flush can still finish
 * first.
 */
const unslowedFill = 0.5
/** Fill at which writes are slowest: as slow as just before any other stop. */
const fullPressure = 0.99

/** How far flushes and compactions of a tree have fallen behind. Implemented by Tree. */
export interface Backlog {
  /** Memtables that wait to be flushed. */
  readonly sealedCount: number
  /** Share of the active memtable that is in use, 0 to 1. */
  readonly activeFill: number
  /** Tables on level 0. */
  readonly level0Count: number
  /** Bytes that compactions must rewrite until no level is over its limit. */
  readonly debtBytes: number
}

export interface WritePressure {
  readonly cause: StallCause
  /** Between 0 and 1: slow down, in proportion. 1: stop. */
  readonly fraction: number
}

/**
 * The strongest reason to hold back a commit, or undefined. `needsMemtable`: whether the commit
 * does not fit into the active memtable.
 */
export function writePressure(
  backlog: Backlog,
  limits: StallThresholds,
  needsMemtable: boolean,
): WritePressure | undefined {
  const memtables = memtablePressure(backlog, needsMemtable)
  const level0 = ramp(backlog.level0Count + 1, limits.l0Slowdown, limits.l0Stop + 1)
  const debt = ramp(backlog.debtBytes, limits.debtSlowdownBytes, limits.debtStopBytes)
  const fraction = Math.max(memtables, level0, debt)
  if (fraction === 0) return undefined
  const cause = fraction === memtables ? 'memtables' : fraction === level0 ? 'level0' : 'debt'
  return { cause, fraction }
}

/** The counts and limits as text. */
export function describeBacklog(
  cause: StallCause,
  backlog: Backlog,
  limits: StallThresholds,
): string {
  switch (cause) {
    case 'memtables':
      return `${backlog.sealedCount} memtables wait to be flushed and the next one is filling up`
    case 'level0': {
      const { l0Slowdown, l0Stop } = limits
      return (
        `${backlog.level0Count} tables on level 0, ` +
        `slower from ${l0Slowdown}, stop at ${l0Stop}`
      )
    }
    case 'debt': {
      const { debtSlowdownBytes, debtStopBytes } = limits
      return (
        `compactions are ${mebibytes(backlog.debtBytes)} behind, ` +
        `slower from ${mebibytes(debtSlowdownBytes)}, stop at ${mebibytes(debtStopBytes)}`
      )
    }
  }
}

function memtablePressure({ sealedCount, activeFill }: Backlog, needsMemtable: boolean): number {
  if (sealedCount < maxSealedMemtables) return 0
  return needsMemtable ? 1 : fullPressure * ramp(activeFill, unslowedFill, 1)
}

/** 0 up to `from`, 1 from `to` on, linear in between. */
function ramp(value: number, from: number, to: number): number {
  if (value <= from) return value >= to ? 1 : 0
  return Math.min(1, (value - from) / (to - from))
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}
