import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawScale } from './scale-charts.mjs'
import { scaleMarkdown } from './scale-markdown.mjs'

const picture = 'scale.svg'

/** Writes all runs, a page and a picture to a folder. */
export async function writeScaleReport(report, folder) {
  mkdirSync(folder, { recursive: true })
  const files = {
    'scale.json': toJson(report),
    'scale.md': scaleMarkdown(report, picture),
    [picture]: `${await drawScale(report)}\n`,
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
