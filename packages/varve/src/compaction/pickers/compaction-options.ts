import { invalidArgument } from '../../base/errors.js'
import { levelCount } from '../../version/version.js'

/** The policies that merge sorted runs. They differ in how many runs a level may hold. */
export type RunPolicy = 'leveled' | 'sizeTiered' | 'lazyLeveled'

/** When runs are merged, and how much larger each level is than the one above it. */
export interface RunThresholds {
  /** How many times larger each level is than the one above it. 2 to 100; default by policy. */
  readonly sizeRatio: number
  /** Sorted runs that a level between level 0 and the last may hold. 1 to sizeRatio − 1. */
  readonly runsPerLevel: number
  /** Sorted runs that the last level may hold. 1 to runsPerLevel. */
  readonly runsInLastLevel: number
  /** Tables on level 0 that start a compaction. 1 to 1000; default 4. */
  readonly l0Trigger: number
  /** Tables on level 0 from which writes are slowed down. l0Trigger to 1000; default 8. */
  readonly l0Slowdown: number
  /** Tables on level 0 at which writes wait. l0Slowdown to 1000; default 12. */
  readonly l0Stop: number
  /**
   * Bytes that compactions are behind from which writes are slowed down. 1 MiB to 2^50; default 16 GiB.
   */
  readonly debtSlowdownBytes: number
  /**
   * Bytes that compactions are behind at which writes wait. debtSlowdownBytes to 2^50; default 64 GiB, or
   * 4 × debtSlowdownBytes.
   */
  readonly debtStopBytes: number
  /**
   * With one run on each level: size that the first level below level 0 is kept below, in bytes.
   * 64 KiB to 2^50; default l0Trigger × memtableBytes, which is what level 0 sends down at once.
   */
  readonly baseBytes: number
  /** Levels in use, level 0 included; the last one is the bottom. 2 to 7; default 7. */
  readonly maxLevels: number
}

/** A policy with all of its thresholds. */
export interface Compaction extends RunThresholds {
  readonly policy: RunPolicy
}

/** A policy, with those of its thresholds that are not to have their defaults. */
export type CompactionOptions = Partial<RunThresholds> & { readonly policy: RunPolicy }

const sizeRatios: Record<RunPolicy, number> = { leveled: 10, sizeTiered: 4, lazyLeveled: 8 }

const MiB = 1024 * 1024
const GiB = 1024 * MiB
const defaultMemtableBytes = 64 * MiB
const minBaseBytes = MiB / 16
const maxBytes = 2 ** 50
const maxL0Tables = 1000

/** Fills in defaults. Throws INVALID_ARGUMENT, naming the option below `compaction` and its values. */
export function resolveCompaction(
  given: RunPolicy | CompactionOptions = 'leveled',
  memtableBytes = defaultMemtableBytes,
): Compaction {
  const isNamed = typeof given !== 'object' || given === null
  const options = isNamed ? { policy: given } : given
  requirePolicy(options.policy, isNamed ? 'compaction' : 'compaction.policy')
  const defaults = defaultsFor(options, memtableBytes)
  requireKnown(options, Object.keys(defaults))
  const resolved: Compaction = { ...defaults, ...definedOf(options) }
  const { sizeRatio, runsPerLevel, l0Trigger, l0Slowdown, debtSlowdownBytes } = resolved
  requireInteger(resolved, 'sizeRatio', 2, 100)
  requireInteger(resolved, 'runsPerLevel', 1, [sizeRatio - 1, 'sizeRatio − 1'])
  requireInteger(resolved, 'runsInLastLevel', 1, [runsPerLevel, 'runsPerLevel'])
  requireInteger(resolved, 'l0Trigger', 1, maxL0Tables)
  requireInteger(resolved, 'l0Slowdown', [l0Trigger, 'l0Trigger'], maxL0Tables)
  requireInteger(resolved, 'l0Stop', [l0Slowdown, 'l0Slowdown'], maxL0Tables)
  requireInteger(resolved, 'debtSlowdownBytes', MiB, maxBytes)
  requireInteger(resolved, 'debtStopBytes', [debtSlowdownBytes, 'debtSlowdownBytes'], maxBytes)
  requireInteger(resolved, 'baseBytes', minBaseBytes, maxBytes)
  requireInteger(resolved, 'maxLevels', 2, levelCount)
  return resolved
}

function defaultsFor(options: CompactionOptions, memtableBytes: number): Compaction {
  const { policy, sizeRatio = sizeRatios[policy], l0Trigger = 4 } = options
  const runsPerLevel = options.runsPerLevel ?? (policy === 'leveled' ? 1 : sizeRatio - 1)
  const { l0Slowdown = Math.max(8, 2 * l0Trigger), debtSlowdownBytes = 16 * GiB } = options
  return {
    policy,
    sizeRatio,
    runsPerLevel,
    runsInLastLevel: policy === 'sizeTiered' ? runsPerLevel : 1,
    l0Trigger,
    l0Slowdown,
    l0Stop: Math.ceil(1.5 * l0Slowdown),
    debtSlowdownBytes,
    debtStopBytes: Math.min(4 * debtSlowdownBytes, maxBytes),
    baseBytes: Math.max(minBaseBytes, l0Trigger * memtableBytes),
    maxLevels: levelCount,
  }
}

function definedOf(options: CompactionOptions): Partial<Compaction> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function requirePolicy(policy: unknown, path: string): void {
  const names = Object.keys(sizeRatios)
  if (names.includes(policy as string)) return
  throw invalidArgument(`${path} must be '${names.join("', '")}', not ${String(policy)}`, path)
}

function requireKnown(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const path = `compaction.${name}`
    const message = `${path} is not an option; there are ${known.join(', ')}`
    throw invalidArgument(message, path)
  }
}

/** A number, or one that follows from another threshold. */
type Bound = number | readonly [value: number, from: string]

function requireInteger(
  options: Compaction,
  name: keyof RunThresholds,
  low: Bound,
  high: Bound,
): void {
  const value: unknown = options[name]
  const isInside = options[name] >= valueOf(low) && options[name] <= valueOf(high)
  if (Number.isInteger(value) && isInside) return
  const path = `compaction.${name}`
  const allowed = `a whole number from ${textOf(low)} to ${textOf(high)}`
  throw invalidArgument(`${path} must be ${allowed}, not ${String(value)}`, path)
}

function valueOf(bound: Bound): number {
  return typeof bound === 'number' ? bound : bound[0]
}

function textOf(bound: Bound): string {
  return typeof bound === 'number' ? `${bound}` : `compaction.${bound[1]} (${bound[0]})`
}
