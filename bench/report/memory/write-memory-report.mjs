import { drawMemory } from './memory-charts.mjs'
import { memoryMarkdown } from './memory-markdown.mjs'
import { summarizeMemory } from './memory-summary.mjs'
import { reportJson, writeFiles } from '../write-files.mjs'

const picture = 'memory.svg'

/** Writes all runs, their medians, a page and a picture to a folder. */
export async function writeMemoryReport(report, folder) {
  if (report.runs.length === 0) return
  writeFiles(folder, {
    'memory.json': reportJson(report, ['runs']),
    'memory.csv': csv(summarizeMemory(report)),
    'memory.md': memoryMarkdown(report, picture),
    [picture]: `${await drawMemory(report)}\n`,
  })
}

function csv(rows) {
  const names = Object.keys(rows[0])
  const text = (value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : (value ?? ''))
  const lines = rows.map((row) => names.map((name) => JSON.stringify(text(row[name]))).join(','))
  return `${names.join(',')}\n${lines.join('\n')}\n`
}
