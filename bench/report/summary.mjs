import { groups } from '../workloads/groups.mjs'

export const baseline = 'varve'

/**
 * The rounds of each workload drawn together.
 *
 * @typedef {object} Row
 * @property {string} group
 * @property {string} section
 * @property {string} workload
 * @property {Map<string, Cell>} cells  by engine
 *
 * @typedef {object} Cell
 * @property {Spread} microseconds  per operation
 * @property {Spread} [ratio]  to Varve in the same round; above 1, Varve is faster
 * @property {object} [latency]  medians of the percentiles
 * @property {object} [eventLoopDelayMs]
 *
 * @typedef {{ median: number, lowest: number, highest: number }} Spread
 */

/** @returns {Row[]} in the order of the groups and, in them, of their workloads */
export function summarize(report) {
  return groups.flatMap(({ name: group, section }) => {
    const runs = report.runs.filter((run) => run.group === group)
    const workloads = [...new Set(runs.flatMap((run) => Object.keys(run.results)))]
    return workloads.map((workload) => ({
      group,
      section,
      workload,
      cells: new Map(
        enginesOf(report)
          .map((engine) => [engine, cellOf(runs, workload, engine)])
          .filter(([, cell]) => cell !== undefined),
      ),
    }))
  })
}

/** Names of those that ran, in the order of the report. */
export function enginesOf(report) {
  return report.engines.filter(({ skipped }) => skipped === undefined).map(({ name }) => name)
}

/** Median over the rounds of a figure of the whole process; undefined if it was not measured. */
export function resource(report, group, engine, name) {
  const figures = report.runs
    .filter((run) => run.group === group && run.engine === engine)
    .map((run) => run.resources[name])
    .filter((figure) => figure !== undefined)
  return figures.length === 0 ? undefined : median(figures)
}

export function spread(figures) {
  return {
    median: median(figures),
    lowest: Math.min(...figures),
    highest: Math.max(...figures),
  }
}

export function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >>> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function cellOf(runs, workload, engine) {
  const own = runs.filter((run) => run.engine === engine && run.results[workload] !== undefined)
  if (own.length === 0) return undefined
  const ratios = own.flatMap((run) => {
    const pair = runs.find(({ round, engine: other }) => round === run.round && other === baseline)
    const reference = pair?.results[workload]
    if (engine === baseline || reference === undefined) return []
    return [run.results[workload].microseconds / reference.microseconds]
  })
  return {
    microseconds: spread(own.map((run) => run.results[workload].microseconds)),
    ratio: ratios.length === 0 ? undefined : spread(ratios),
    latency: medians(own.map((run) => run.results[workload].latency)),
    eventLoopDelayMs: medians(own.map((run) => run.results[workload].eventLoopDelayMs)),
  }
}

function medians(all) {
  if (all[0] === undefined) return undefined
  const names = Object.keys(all[0])
  return Object.fromEntries(names.map((name) => [name, median(all.map((one) => one[name]))]))
}
