import { groups } from '../workloads/groups.mjs'
import { figure } from './figure.mjs'
import { baseline, enginesOf, resource, summarize } from './summary.mjs'

/** The report as one Markdown page; `pictures` are files beside it. */
export function markdown(report, pictures) {
  const rows = summarize(report)
  const parts = [
    '# Varve and its peers, side by side',
    introduction(report),
    ...pictures.map((name) => `![${name.replace('.svg', '')}](${name})`),
    '## Microseconds per operation',
    'Lower is better. In brackets: the ratio to Varve’s figure of the same round (above 1×,' +
      ' Varve is faster), followed by the lowest and highest of the rounds.',
    ...sections(rows).map(([section, own]) => timesTable(section, own, report)),
    '## Latency',
    'Microseconds, p50 / p99 / p99.9 / longest, medians of the rounds. Every 16th read is timed.',
    latencyTable(rows, report),
    '## Event loop',
    'Delay of a 5 ms timer while the workload runs, in ms: p99 / longest. 5 ms are its own,' +
      ' and an' +
      ' engine whose calls block never lets it fire.',
    delayTable(rows, report),
    '## What a whole run took',
    'The process of one group, including its load: CPU seconds of all threads · peak resident' +
      ' MB (about' +
      ' 100 of them for Node and the records) · MB on disk after closing · write' +
      ' amplification (bytes' +
      ' given to write calls / bytes of keys and values).',
    resourceTable(report),
    ...failures(report),
  ]
  return `${parts.join('\n\n')}\n`
}

function introduction({ about, settings, engines }) {
  const { records, rounds, maxSeconds } = settings
  const lines = [
    `${records.toLocaleString('en-US')} records of 16-byte keys in random order and` +
      ' half-compressible' +
      ' values of 100 bytes (unless stated otherwise), median of ' +
      `${rounds} round${rounds === 1 ? '' : 's'}. A workload ends after at most ${maxSeconds} s.` +
      ' 64 MiB write buffer, 64 MiB cache, Bloom filter of 10 bits; only fillsync syncs its' +
      ' writes.' +
      ' Method: [README](../README.md).',
    '',
    `${about.cpu}, ${about.cores} cores, ${about.memoryGiB} GiB, ${about.os}, Node ${about.node},` +
      ` commit ${about.commit}, ${about.date.slice(0, 10)}.`,
    '',
    '| engine | version | settings |',
    '|---|---|---|',
    ...engines.map(({ name, version, settings: text, skipped }) =>
      skipped === undefined
        ? `| ${name} | ${version} | ${text} |`
        : `| ${name} | – | **skipped**: ${skipped.replaceAll('|', '\\|')} |`,
    ),
  ]
  return lines.join('\n')
}

function sections(rows) {
  const bySection = new Map()
  for (const row of rows) {
    if (!bySection.has(row.section)) bySection.set(row.section, [])
    bySection.get(row.section).push(row)
  }
  return [...bySection]
}

function timesTable(section, rows, report) {
  return `### ${section}\n\n${table(rows, report, (cell, engine) => {
    const { median } = cell.microseconds
    if (engine === baseline) return `**${figure(median)}**`
    if (cell.ratio === undefined) return figure(median)
    const { median: ratio, lowest, highest } = cell.ratio
    const range = report.settings.rounds > 1 ? `, ${times(lowest)}–${times(highest)}` : ''
    return `${figure(median)} (${times(ratio)}×${range})`
  })}`
}

function latencyTable(rows, report) {
  const timed = rows.filter(({ cells }) => [...cells.values()].some((cell) => cell.latency))
  return table(timed, report, ({ latency }) => {
    if (latency === undefined) return '–'
    return [latency.p50, latency.p99, latency.p999, latency.max].map(figure).join(' / ')
  })
}

function delayTable(rows, report) {
  const timed = rows.filter(({ cells }) =>
    [...cells.values()].some((cell) => cell.eventLoopDelayMs),
  )
  return table(timed, report, ({ eventLoopDelayMs: delay }) => {
    return delay === undefined ? '–' : `${Math.round(delay.p99)} / ${Math.round(delay.max)}`
  })
}

function resourceTable(report) {
  const engines = enginesOf(report)
  const lines = groups
    .filter(({ name }) => report.runs.some(({ group }) => group === name))
    .map(({ name }) => line([name, ...engines.map((engine) => resources(report, name, engine))]))
  return [...head(['group', ...engines]), ...lines].join('\n')
}

function resources(report, group, engine) {
  const of = (name, scale, digits) => {
    const value = resource(report, group, engine, name)
    return value === undefined ? '–' : (value / scale).toFixed(digits)
  }
  const cells = [
    of('cpuSeconds', 1, 1),
    of('peakRssBytes', 1e6, 0),
    of('diskBytes', 1e6, 0),
    of('writeAmplification', 1, 1),
  ]
  return cells.every((cell) => cell === '–') ? '–' : cells.join(' · ')
}

function failures({ failures: failed }) {
  if (failed.length === 0) return []
  const lines = failed.map(({ round, group, engine, error }) => {
    return `- round ${round + 1}, ${engine}, ${group}: ${error.split('\n')[0]}`
  })
  return ['## Failed', lines.join('\n')]
}

/** A row per workload, a column per engine. */
function table(rows, report, show) {
  const engines = enginesOf(report)
  const lines = rows.map(({ group, workload, cells }) => {
    const shown = engines.map((engine) =>
      cells.has(engine) ? show(cells.get(engine), engine) : '–',
    )
    return line([`${workload}${/-(1k|16k)$/.exec(group)?.[0].replace('-', ', ') ?? ''}`, ...shown])
  })
  return [...head(['workload', ...engines]), ...lines].join('\n')
}

function head(cells) {
  return [line(cells), `|---|${'---:|'.repeat(cells.length - 1)}`]
}

function line(cells) {
  return `| ${cells.join(' | ')} |`
}

function times(ratio) {
  return ratio >= 10 ? String(Math.round(ratio)) : ratio.toFixed(ratio >= 1 ? 1 : 2)
}
