import { drawLatencies, drawRatios, drawThroughput } from './charts.mjs'
import { markdown } from './markdown.mjs'
import { reportJson, writeFiles } from './write-files.mjs'

/** Writes the tables, the pictures and all rounds to a folder. */
export async function writeReport(report, folder) {
  const pictures = {
    'ratios.svg': await drawRatios(report),
    'latencies.svg': await drawLatencies(report),
    'throughput.svg': await drawThroughput(report),
  }
  const drawn = Object.entries(pictures).filter(([, svg]) => svg !== undefined)
  writeFiles(folder, {
    ...Object.fromEntries(drawn.map(([name, svg]) => [name, `${svg}\n`])),
    'results.md': markdown(
      report,
      drawn.map(([name]) => name),
    ),
    'results.json': toJson(report),
  })
}

/** The curves, which are most of the bytes, are in the pictures. */
function toJson(report) {
  const runs = report.runs.map((run) => ({ ...run, results: withoutCurves(run) }))
  return reportJson({ ...report, runs }, ['runs'], null)
}

function withoutCurves({ results }) {
  const entries = Object.entries(results).map(([workload, figures]) => {
    const { microseconds, cpuMicroseconds } = figures
    const rounded = { microseconds: round(microseconds), cpuMicroseconds: round(cpuMicroseconds) }
    return [workload, { ...figures, ...rounded, curve: undefined, perSlot: undefined }]
  })
  return Object.fromEntries(entries)
}

function round(figure) {
  return figure === undefined ? undefined : Number(figure.toPrecision(5))
}
