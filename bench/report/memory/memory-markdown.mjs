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
  return [
    isLimited
      ? `Each engine runs in a control group of ${memoryMiB} MiB, which also counts cached files.`
      : '**Nothing limits the memory:** the system allowed no control group, so it caches files.',
    'A quarter of the memory is its cache (lmdb: none, but `noReadAhead`), a sixteenth its write',
    'buffer. Default compression. Keys have 16 digits, and reads choose them at random. Each cell',
    'has microseconds per operation, the median of the rounds, and in brackets the KiB that an',
    'operation read from the disk. Gets beside writes: ten gets at once with each put; the figure',
    'is per get. db_bench is C++ and synchronous, and reports no bytes.',
    '',
    `${about.cpu}, ${about.cores} cores, ${about.os}, Node ${about.node}, commit ${about.commit},`,
    `${about.date.slice(0, 10)}: \`${command}\`.`,
    '',
    `**The load average was ${figure(mean(loads))}.** If that is above the number of cores, other`,
    'programs slowed all engines down. Compare the engines of a row, not the pages of two runs.',
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
