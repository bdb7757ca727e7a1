import { figure } from '../figure.mjs'
import { table } from '../markdown-table.mjs'
import { summarizeMemory } from './memory-summary.mjs'

/** The report as one Markdown page. */
export function memoryMarkdown(report, picture) {
  const rows = summarizeMemory(report)
  const engines = [...new Set(report.runs.map(({ engine }) => engine))]
  const parts = [
    '# Larger than memory',
    introduction(report),
    `![Microseconds per operation as the data outgrows the memory](${picture})`,
  ]
  for (const dataset of [...new Set(rows.map((row) => row.dataset))]) {
    const own = rows.filter((row) => row.dataset === dataset)
    for (const times of [...new Set(own.map((row) => row.times))]) {
      const sized = own.filter((row) => row.times === times)
      parts.push(`## ${titles[dataset]}, ${times} × the memory`, sizes(sized, engines))
      parts.push(costs(sized, engines))
    }
  }
  if (report.failures.length > 0) {
    parts.push('## Failed', report.failures.map((failure) => `- ${failure}`).join('\n'))
  }
  return `${parts.join('\n\n')}\n`
}

const titles = { synthetic: 'Synthetic values of 400 bytes', cities: 'Cities, as JSON' }

function introduction({ about, command, memoryMiB, isLimited, loads }) {
  const limit = isLimited
    ? `Each engine runs in a control group of ${memoryMiB} MiB, including the files that` +
      ' the system caches for it.'
    : 'The system allowed no control group, so **memory is not limited**: the system caches files.'
  return [
    `${limit} A quarter is its cache (lmdb: none, but \`noReadAhead\`), a sixteenth its write`,
    'buffer. Default compression. Keys have 16 digits; reads choose them at random. Cells show',
    'microseconds per operation, the median of the rounds, and in brackets the KiB read from disk',
    'per operation. Reads during writes: ten concurrent reads with each put, per read. db_bench is',
    'C++ and synchronous, and does not report bytes.',
    '',
    `${about.cpu}, ${about.cores} cores, ${about.os}, Node ${about.node}, commit ${about.commit},`,
    `${about.date.slice(0, 10)}: \`${command}\`. Average number of runnable processes meanwhile:`,
    `${figure(mean(loads))}.`,
  ].join('\n')
}

function sizes(rows, engines) {
  const texts = engines.flatMap((engine) => {
    const row = rows.find((each) => each.engine === engine)
    return row === undefined ? [] : `${engine} ${figure(row.diskBytes / 1e6)} MB`
  })
  return `On the disk: ${texts.join(', ')}.`
}

function costs(rows, engines) {
  const names = [...new Set(rows.map(({ workload }) => workload))]
  const encodings = [...new Set(rows.map(({ encoding }) => encoding))]
  const lines = names.flatMap((workload) =>
    encodings.map((encoding) => [
      workload,
      encoding,
      ...engines.map((engine) =>
        cell(
          rows.find(
            (row) =>
              row.workload === workload && row.encoding === encoding && row.engine === engine,
          ),
        ),
      ),
    ]),
  )
  return table(['µs (KiB from disk)', 'encoding', ...engines], lines)
}

function cell(row) {
  if (row === undefined) return '–'
  const read = row.diskBytesRead === undefined ? '' : ` (${figure(row.diskBytesRead / 1024)})`
  return `${figure(row.microseconds)}${read}`
}

function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}
