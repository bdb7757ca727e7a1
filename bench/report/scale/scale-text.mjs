import { figure } from '../figure.mjs'

/** One line as soon as a run has ended. */
export function printScaleRun(run) {
  const { engine, records, way, round } = run
  const cells = [
    `${engine.padEnd(9)} ${recordsText(records).padStart(5)} ${way.padEnd(8)} round ${round + 1}`,
    `${figure(run.microseconds)} µs a write (filled: ${figure(run.fillMicroseconds)})`,
    `CPU ${figure(run.cpuSeconds)} s`,
    `write amp ${figure(run.writeAmplification)}`,
    `p99.9 ${figure(run.latency.p999)} µs, max ${figure(run.latency.max / 1000)} ms`,
    `${megabytes(run.peakRssBytes)} MB`,
    levelsText(run.levels),
  ]
  if (run.eventLoopDelayMs !== undefined) {
    const { p999, max } = run.eventLoopDelayMs
    const { withLog, withoutLog } = run.reopen
    cells.push(
      `loop p99.9 ${p999} ms, max ${max} ms`,
      `stalled ${figure(run.stalls.seconds)} s`,
      `opens in ${withoutLog.openMs.toFixed(0)} ms (${withLog.openMs.toFixed(0)} with a log)`,
      `reopened: ${megabytes(Math.max(withLog.peakRssBytes, withoutLog.peakRssBytes))} MB`,
    )
    if (withLog.scanMicroseconds !== undefined) {
      cells.push(
        `all read back: ${figure(withLog.readMicroseconds)} µs a get, ` +
          `${figure(withLog.scanMicroseconds)} µs a key of a scan`,
      )
    }
  }
  console.error(cells.join(' · '))
}

/** As people say it: 300k, 5M. */
export function recordsText(records) {
  if (records % 1_000_000 === 0) return `${records / 1_000_000}M`
  return records % 1000 === 0 ? `${records / 1000}k` : String(records)
}

/** Tables of each level in use, and what they hold. */
export function levelsText(levels) {
  const parts = levels.map(
    ({ level, tables, sizeBytes }) => `L${level} ${tables} (${megabytes(sizeBytes)} MB)`,
  )
  return parts.join(', ') || 'no tables'
}

export function megabytes(bytes) {
  return (bytes / 1e6).toFixed(0)
}
