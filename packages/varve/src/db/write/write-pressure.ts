import { maxSealedMemtables } from '../../tree/arena-pool.js'
import type { WriteLimits } from '../../compaction/pickers/compaction-options.js'
import type { StallCause } from '../api.js'

/** Pressure at which level 0 is at its slowdown threshold. */
export const slowdownPressure = 0.5
/** The highest pressure that is not a stop. */
const fullPressure = 0.99
/**
 * Fill of the active memtable above which writes slow down, so that the flush can still finish
 * first.
 */
const unslowedFill = 0.5

/** How far flushes and compactions of a tree have fallen behind. Implemented by Tree. */
export interface Backlog {
  /** Memtables that wait to be flushed. */
  readonly sealedCount: number
  /** Share of the active memtable that is in use, 0 to 1. */
  readonly activeFill: number
  /** Tables on level 0. */
  readonly level0Count: number
  /** Of these, what running merges have already read, as a number of tables with a fraction. */
  readonly mergedLevel0: number
  /** Bytes that compactions must rewrite until no level is over its limit. */
  readonly debtBytes: number
}

export interface WritePressure {
  readonly cause: StallCause
  /** From 0 to 1: writes slow down, more the higher it is, and stop at 1. */
  readonly fraction: number
}

/**
 * The strongest reason to hold back a commit, or undefined. `needsMemtable`: whether the commit
 * does not fit into the active memtable.
 */
export function writePressure(
  backlog: Backlog,
  limits: WriteLimits,
  needsMemtable: boolean,
): WritePressure | undefined {
  const memtables = memtablePressure(backlog, needsMemtable)
  const level0 = level0Pressure(backlog, limits)
  const debt = ramp(backlog.debtBytes, limits.debtSlowdownBytes, limits.debtStopBytes)
  const fraction = Math.max(memtables, level0, debt)
  if (fraction === 0) return undefined
  const cause = fraction === memtables ? 'memtables' : fraction === level0 ? 'level0' : 'debt'
  return { cause, fraction }
}

/** The counts and limits as text. */
export function describeBacklog(cause: StallCause, backlog: Backlog, limits: WriteLimits): string {
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

/**
 * Counts tables with fractions: those in memory that are on their way to level 0, and those that
 * running merges have not read yet. So the pressure rises and falls evenly, not with each job.
 */
function level0Pressure(backlog: Backlog, limits: WriteLimits): number {
  const { level0Count } = backlog
  const { l0Trigger, l0Slowdown, l0Stop } = limits
  // No merge is due that writes could wait for.
  if (level0Count < l0Trigger) return 0
  const unmerged = level0Count - backlog.mergedLevel0
  if (unmerged >= l0Stop) return 1
  const coming = unmerged + backlog.sealedCount + backlog.activeFill
  const slow = slowdownPressure * ramp(coming, l0Trigger, l0Slowdown)
  const slower = (1 - slowdownPressure) * ramp(coming, l0Slowdown, l0Stop + 1)
  return Math.min(fullPressure, slow + slower)
}

/** 0 up to `from`, 1 from `to` on, linear in between. */
function ramp(value: number, from: number, to: number): number {
  if (value <= from) return value >= to ? 1 : 0
  return Math.min(1, (value - from) / (to - from))
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}
