import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawLatencies, drawRatios, drawThroughput } from './charts.mjs'
import { markdown } from './markdown.mjs'

/** Writes the tables, the pictures and all rounds to a folder. */
export async function writeReport(report, folder) {
  mkdirSync(folder, { recursive: true })
  const pictures = {
    'ratios.svg': await drawRatios(report),
    'latencies.svg': await drawLatencies(report),
    'throughput.svg': await drawThroughput(report),
  }
  for (const [name, svg] of Object.entries(pictures)) {
    if (svg !== undefined) write(name, `${svg}\n`)
  }
  write(
    'results.md',
    markdown(
      report,
      Object.keys(pictures).filter((name) => pictures[name]),
    ),
  )
  write('results.json', toJson(report))

  function write(name, text) {
    writeFileSync(join(folder, name), text)
    console.error(`wrote ${join(folder, name)}`)
  }
}

/** One line a run. The curves, which are most of the bytes, are in the pictures. */
function toJson({ runs, ...rest }) {
  const lines = runs.map((run) => `    ${JSON.stringify({ ...run, results: withoutCurves(run) })}`)
  const head = JSON.stringify(rest, null, 2).replace(/\n\}$/, '')
  return `${head},\n  "runs": [\n${lines.join(',\n')}\n  ]\n}\n`
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
