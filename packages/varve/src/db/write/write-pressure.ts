import { maxSealedMemtables } from '../../tree/arena-pool.js'
import type { StallThresholds } from '../../compaction/pickers/compaction-options.js'
import type { StallCause } from '../api.js'

/** Pressure at which the backlog is as large as its slowdown threshold. */
export const slowdownPressure = 0.5
/** The highest pressure that is not a stop. */
const fullPressure = 0.99

/** Fill of the active memtable at which pressure starts when the others still wait. */
const unslowedFill = 0.5

/** Memtables' worth of data that may wait for its first merge without any pressure. */
const freeTables = 2

/** How far flushes and compactions of a tree have fallen behind. Implemented by Tree. */
export interface Backlog {
  readonly memtableBytes: number
  /** Memtables that wait for their flush. */
  readonly sealedCount: number
  /** Share of the active memtable that is in use, 0 to 1. */
  readonly activeFill: number
  /** Tables on level 0. */
  readonly level0Count: number
  /** Of these, what running merges have already read, as a number of tables with a fraction. */
  readonly mergedLevel0: number
  /** Bytes that compactions must rewrite until no level is over its limit. */
  readonly debtBytes: number
  /** Of these, what running merges have already read. */
  readonly mergedBytes: number
}

export interface WritePressure {
  readonly cause: StallCause
  /** From 0 to 1. Writes stop at 1. */
  readonly fraction: number
  /** Bytes of writes that raise the pressure from 0 to 1 when no background work is done. */
  readonly spanBytes: number
}

/**
 * The highest pressure on writes, or undefined. It rises and falls with every byte that is written,
 * flushed or merged, so that writes can be paced instead of stopped. `needsMemtable`: the commit
 * does not fit into the active memtable.
 */
export function writePressure(
  backlog: Backlog,
  limits: StallThresholds,
  needsMemtable: boolean,
): WritePressure | undefined {
  const { memtableBytes } = backlog
  const memtables = memtablePressure(backlog, needsMemtable)
  const level0 = level0Pressure(backlog, limits)
  const debt = debtPressure(backlog, limits)
  const fraction = Math.max(memtables, level0, debt)
  if (fraction === 0) return undefined
  if (fraction === memtables) {
    return { cause: 'memtables', fraction, spanBytes: memtableBytes * (maxSealedMemtables + 1) }
  }
  return fraction === level0
    ? { cause: 'level0', fraction, spanBytes: memtableBytes * (limits.l0Stop + 1) }
    : { cause: 'debt', fraction, spanBytes: limits.debtStopBytes }
}

/** Counts and limits, as text. */
export function describeBacklog(
  cause: StallCause,
  backlog: Backlog,
  limits: StallThresholds,
): string {
  switch (cause) {
    case 'memtables':
      return `${backlog.sealedCount} memtables wait for their flush and the next one is filling up`
    case 'level0': {
      const { l0Slowdown, l0Stop } = limits
      return `${backlog.level0Count} tables on level 0, aim ${l0Slowdown}, stop at ${l0Stop}`
    }
    case 'debt': {
      const { debtSlowdownBytes, debtStopBytes } = limits
      return (
        `compactions are ${mebibytes(backlog.debtBytes)} behind, ` +
        `aim ${mebibytes(debtSlowdownBytes)}, stop at ${mebibytes(debtStopBytes)}`
      )
    }
  }
}

function memtablePressure({ sealedCount, activeFill }: Backlog, needsMemtable: boolean): number {
  if (sealedCount < maxSealedMemtables) return 0
  if (needsMemtable) return 1
  return fullPressure * Math.max(0, (activeFill - unslowedFill) / (1 - unslowedFill))
}

/** Includes what is on its way to level 0, so that the pressure does not jump with each flush. */
function level0Pressure(
  { level0Count, mergedLevel0, sealedCount, activeFill }: Backlog,
  { l0Slowdown, l0Stop }: StallThresholds,
): number {
  const tables = level0Count - mergedLevel0
  if (tables >= l0Stop) return 1
  const waiting = tables + sealedCount + activeFill
  if (waiting <= freeTables) return 0
  return Math.min(fullPressure, pressureOf(waiting, l0Slowdown, l0Stop + 1))
}

function debtPressure(
  { debtBytes, mergedBytes }: Backlog,
  { debtSlowdownBytes, debtStopBytes }: StallThresholds,
): number {
  return pressureOf(Math.max(0, debtBytes - mergedBytes), debtSlowdownBytes, debtStopBytes)
}

/**
 * Rises evenly from 0 to `slowdownPressure` at the slowdown threshold, and from there to 1 at the
 * stop.
 */
function pressureOf(value: number, slowdown: number, stop: number): number {
  if (value >= stop) return 1
  if (value <= slowdown) return (slowdownPressure * value) / slowdown
  return slowdownPressure + ((1 - slowdownPressure) * (value - slowdown)) / (stop - slowdown)
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}
