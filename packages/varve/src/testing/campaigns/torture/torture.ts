import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { emptyState, runCycle } from './cycle.js'

interface TortureOptions {
  readonly directory: string
  readonly cycles: number
  readonly firstSeed: number
  readonly onCycle?: (totals: TortureTotals) => void
}

export interface TortureTotals {
  cycles: number
  acknowledgedWrites: number
  foundUnderWay: number
  expiring: number
  expired: number
  deepestLevel: number
}

/** A new database begins after this many cycles, so that kills also hit its creation. */
const cyclesPerDatabase = 25

/** Runs the cycles. On failure it throws with the seed and the cycle, and keeps the directory. */
export async function runTorture(options: TortureOptions): Promise<TortureTotals> {
  const { directory, cycles, firstSeed, onCycle } = options
  const totals = {
    cycles: 0,
    acknowledgedWrites: 0,
    foundUnderWay: 0,
    expiring: 0,
    expired: 0,
    deepestLevel: 0,
  }
  let state = emptyState
  let path = ''
  for (let i = 0; i < cycles; i++) {
    if (i % cyclesPerDatabase === 0) {
      if (path !== '') rmSync(path, { recursive: true })
      path = join(directory, `from-${i}`)
      state = emptyState
    }
    try {
      const result = await runCycle(path, firstSeed + i, state)
      state = result.state
      totals.cycles++
      totals.acknowledgedWrites += result.acknowledgedWrites
      totals.foundUnderWay += result.foundUnderWay
      totals.expiring += result.expiring
      totals.expired += result.expired
      totals.deepestLevel = Math.max(totals.deepestLevel, result.deepestLevel)
      onCycle?.(totals)
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause)
      const command = `npm run torture -- --cycles ${i + 1} --seed ${firstSeed}`
      throw new Error(`cycle ${i} in ${path}: ${what}; repeat with: ${command}`, { cause })
    }
  }
  return totals
}
