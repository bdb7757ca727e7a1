import { drawScale } from './scale-charts.mjs'
import { scaleMarkdown } from './scale-markdown.mjs'
import { reportJson, writeFiles } from '../write-files.mjs'

const picture = 'scale.svg'

/** Writes all runs, a page and a picture to a folder. */
export async function writeScaleReport(report, folder) {
  writeFiles(folder, {
    'scale.json': reportJson(report, ['runs']),
    'scale.md': scaleMarkdown(report, picture),
    [picture]: `${await drawScale(report)}\n`,
  })
}
