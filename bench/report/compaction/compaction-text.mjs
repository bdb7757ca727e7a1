import { figure } from '../figure.mjs'

/** One line as soon as a run has ended. */
export function printCompactionRun(run) {
  const { policy, mode, pace, latency, turns, amplification } = run
  const cells = [
    `${policy.padEnd(11)} ${mode.padEnd(6)} ${pace.padEnd(7)}`,
    `${figure(run.operations / run.seconds)} writes/s`,
    `put p50 ${figure(latency.put.p50)}, p99 ${figure(latency.put.p99)}, ` +
      `p99.9 ${figure(latency.put.p999)}, max ${figure(latency.put.max)} µs`,
    `longest turn ${figure(turns.max / 1000)} ms`,
    `stalled ${figure(run.stalls.timeMs / 1000)} s`,
    `write amp ${figure(amplification.write)}, read ${figure(amplification.read)}, ` +
      `space ${figure(amplification.space)}`,
    runsText(run.levels),
    `waited ${figure(run.queuedSeconds)} s for a processor`,
  ]
  console.error(cells.join(' · '))
}

export function printMixRun(run) {
  const { mix, policy, operations, seconds, phaseSeconds, writeAmplification } = run
  const cells = [
    `${mix.padEnd(10)} ${policy.padEnd(11)}`,
    `${figure(seconds)} s (${phaseSeconds.map(figure).join(' + ')})`,
    `${figure(operations / seconds)} operations/s`,
    `write amp ${figure(writeAmplification)}`,
    `${run.runs} runs at the end`,
    `stalled ${figure(run.stalledSeconds)} s`,
    `waited ${figure(run.queuedSeconds)} s for a processor`,
    ...run.changes.map(({ s, to }) => `${to} at ${figure(s)} s`),
  ]
  console.error(cells.join(' · '))
}

/** The sorted runs of each level in use. */
export function runsText(levels) {
  return levels.map(({ level, runs }) => `L${level} ${runs}`).join(', ') || 'no tables'
}
