import { drawSteady } from './steady-charts.mjs'
import { steadyMarkdown } from './steady-markdown.mjs'
import { reportJson, writeFiles } from '../write-files.mjs'

const picture = 'steady.svg'

/** Writes all runs, a page and a picture to a folder. */
export async function writeSteadyReport(report, folder) {
  writeFiles(folder, {
    'steady.json': reportJson(report, ['runs']),
    'steady.md': steadyMarkdown(report, picture),
    [picture]: `${await drawSteady(report)}\n`,
  })
}
