import { rocksDbSettings } from '../../scale/rocksdb-run.mjs'
import { figure } from '../figure.mjs'
import { levelsText, megabytes, recordsText } from './scale-text.mjs'

/** The report as one Markdown page. */
export function scaleMarkdown(report, picture) {
  const parts = [
    '# As the database grows',
    introduction(report),
    `![cost of a write and write amplification](${picture})`,
    '## Random fill',
    'Time until the last compaction that it caused ended, per record; in brackets, until the last' +
      ' write was acknowledged. CPU: all threads, including the making of records. Write' +
      ' amplification:' +
      ' bytes passed to write calls for each byte of keys and values. Latency: of a batch of' +
      ' 1,000, or' +
      ' of a put.',
    fillTable(report.runs),
    '## Varve beside it',
    'Event loop: time between two ticks of a timer of 1 ms, while the fill runs at full speed.' +
      ' Memory: peak resident, in the process that fills and in those that reopen. Opening: in a' +
      ' fresh process; “with a log” replays what no flush had written.',
    varveTable(report.runs.filter(({ engine }) => engine === 'varve')),
    ...failures(report),
  ]
  return `${parts.join('\n\n')}\n`
}

function introduction({ about, command, maxRssMB }) {
  return [
    'Records of 16-byte keys in random order, each once, and 100-byte values; 64 MiB write' +
      ' buffer,' +
      ' 64 MiB cache, Bloom filter of 10 bits, no compression, a log that is not synced.' +
      ' Varve with' +
      ` one background thread and at most ${maxRssMB} MB of memory; ${rocksDbSettings}.`,
    '',
    `${about.cpu}, ${about.cores} cores, ${about.memoryGiB} GiB, ${about.os}, Node ${about.node},` +
      ` commit ${about.commit}, ${about.date.slice(0, 10)}: \`${command}\`.`,
  ].join('\n')
}

function fillTable(runs) {
  return table(
    [
      'records',
      'written as',
      'engine',
      'µs a write',
      'CPU s',
      'write amp.',
      'p50 µs',
      'p99 µs',
      'p99.9 µs',
      'longest ms',
      'levels',
    ],
    runs.map((run) => [
      recordsText(run.records),
      run.way,
      run.engine,
      `${figure(run.microseconds)} (${figure(run.fillMicroseconds)})`,
      figure(run.cpuSeconds),
      figure(run.writeAmplification),
      figure(run.latency.p50),
      figure(run.latency.p99),
      figure(run.latency.p999),
      figure(run.latency.max / 1000),
      levelsText(run.levels),
    ]),
  )
}

function varveTable(runs) {
  return table(
    [
      'records',
      'written as',
      'loop p99.9 ms',
      'loop longest ms',
      'stalled s',
      'main thread CPU s',
      'memory MB',
      'reopened MB',
      'disk MB',
      'opening ms',
      'with a log ms',
    ],
    runs.map((run) => {
      const { withLog, withoutLog } = run.reopen
      return [
        recordsText(run.records),
        run.way,
        run.eventLoopDelayMs.p999,
        run.eventLoopDelayMs.max,
        figure(run.stalls.seconds),
        figure(run.mainThreadCpuSeconds),
        megabytes(run.peakRssBytes),
        megabytes(Math.max(withLog.peakRssBytes, withoutLog.peakRssBytes)),
        megabytes(run.diskBytes),
        withoutLog.openMs.toFixed(0),
        withLog.openMs.toFixed(0),
      ]
    }),
  )
}

function table(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---:')), ...rows.map(line)].join('\n')
}

function failures(report) {
  if (report.failures.length === 0) return []
  return ['## Failed', report.failures.map((failure) => `- ${failure}`).join('\n')]
}
