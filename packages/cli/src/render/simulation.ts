import type { SimulatedPhase, Simulation } from 'varve/tools'
import { colors } from '../text/colors.js'
import { formatBytes, formatCount, formatCounted } from '../text/quantity.js'

const barWidth = 24

/** Policies side by side, phase by phase, then the trees that they made. */
export function renderSimulations(simulations: readonly Simulation[]): string {
  const [first] = simulations
  const phases = first.phases.map((_, i) => renderPhase(simulations, i))
  return [...phases, renderTrees(simulations), notes].join('\n\n')
}

/** One policy a line. */
function renderPhase(simulations: readonly Simulation[], index: number): string {
  const { name, writes } = simulations[0].phases[index]
  const title = `${formatCount(writes)} ${name}`
  const lines = simulations.map((simulation) => phaseLine(simulation, simulation.phases[index]))
  const head = line(title, 'write ×', 'space ×', 'peak ×', 'tables', 'found', 'absent', 'runs')
  return [colors.dim(head), ...lines].join('\n')
}

function phaseLine({ policy }: Simulation, phase: SimulatedPhase): string {
  const { writeAmplification, spaceAmplification, reads } = phase
  return line(
    policy,
    writeAmplification.toFixed(2),
    spaceAmplification.mean.toFixed(2),
    spaceAmplification.peak.toFixed(2),
    reads.tablesAsked.toFixed(1),
    reads.blocksWhenFound.toFixed(3),
    reads.blocksWhenAbsent.toFixed(3),
    reads.runs.toFixed(1),
  )
}

function renderTrees(simulations: readonly Simulation[]): string {
  const bytes = simulations.flatMap(({ levels }) => levels.map(({ sizeBytes }) => sizeBytes))
  const largest = Math.max(1, ...bytes)
  return simulations.map((simulation) => renderTree(simulation, largest)).join('\n\n')
}

function renderTree(simulation: Simulation, largestBytes: number): string {
  const { policy, policyChanges, levels, flushes, compactions, largestCompactionBytes } = simulation
  const { merge, move, drop } = compactions
  const lines = levels
    .filter(({ tables }) => tables > 0)
    .map(({ level, runs, tables, sizeBytes }) => {
      const bar = '█'.repeat(Math.max(1, Math.round((barWidth * sizeBytes) / largestBytes)))
      const counts = `${formatCounted(runs, 'run')}, ${formatCounted(tables, 'table')}`
      return `  L${level}  ${counts.padEnd(22)}  ${formatBytes(sizeBytes).padStart(10)}  ${bar}`
    })
  const work =
    `${formatCount(flushes)} flushes, ${formatCount(merge)} merges, ${formatCount(move)} moves, ` +
    `${formatCount(drop)} drops; the largest merge read ${formatBytes(largestCompactionBytes)}`
  const changes = policyChanges.map(
    ({ writes, from, to, reason }) =>
      `  after ${formatCount(writes)} writes ${to} instead of ${from}: ${reason}`,
  )
  return [`  ${policy}: ${work}`, ...changes, ...lines].join('\n')
}

const notes = `\
  write ×: bytes to log, level 0 and by compactions for each byte written
  space ×: bytes in tables for each byte of live records; the peak counts a compaction's inputs too
  tables: searched by a read until it finds the key; found, absent: blocks that it reads after the
  filters; runs: merged by a scan. Compactions keep up with every flush.`

function line(title: string, ...figures: readonly string[]): string {
  return `  ${title.padEnd(26)}${figures.map((figure) => figure.padStart(9)).join('')}`
}
