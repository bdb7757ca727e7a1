import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawSteady } from './steady-charts.mjs'
import { steadyMarkdown } from './steady-markdown.mjs'

const picture = 'steady.svg'

/** Writes all runs, a page and a picture to a folder. */
export async function writeSteadyReport(report, folder) {
  mkdirSync(folder, { recursive: true })
  const files = {
    'steady.json': toJson(report),
    'steady.md': steadyMarkdown(report, picture),
    [picture]: `${await drawSteady(report)}\n`,
  }
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text)
    console.error(`wrote ${join(folder, name)}`)
  }
}

/** One line a run. */
function toJson({ runs, ...rest }) {
  const head = JSON.stringify(rest, null, 2).replace(/\n\}$/, '')
  const lines = runs.map((run) => `    ${JSON.stringify(run, rounded)}`)
  return `${head},\n  "runs": [\n${lines.join(',\n')}\n  ]\n}\n`
}

function rounded(_name, value) {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
