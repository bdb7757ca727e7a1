import { theory } from '../../compaction/theory.mjs'
import { runsText } from './compaction-text.mjs'
import { figure } from '../figure.mjs'
import { table } from '../markdown-table.mjs'
import { mixesMarkdown } from './mixes-markdown.mjs'

/** The report as one Markdown page. */
export function compactionMarkdown(report, pictures) {
  const { runs, settings } = report
  const rate = runs.filter(({ pace }) => pace === 'rate')
  const flatOut = runs.filter(({ pace }) => pace === 'flatOut')
  const parts = [
    '# Compaction policies, inline and on a thread',
    introduction(report),
    '## At a fixed rate',
    'Puts arrive at a fixed rate, whether the database is ready or not; latency counts from' +
      ' the time' +
      ' at which a put was due. Turn: time between two ticks of a timer of 1 ms. No processor' +
      ' for: share' +
      ' of the time in which the main thread was ready but other threads had both processors;' +
      ' it makes every' +
      ' figure of its row worse.',
    rateTable(rate),
    ...ratios(rate),
    `![latency over time](${pictures.latency})`,
    `![latency of a put](${pictures.curves})`,
    '## As fast as they can',
    'One operation after the other. Stalls: how often writes were held back, and for how long' +
      ' in all.',
    flatOutTable(flatOut),
    `![throughput](${pictures.throughput})`,
    '## Amplification',
    'Write: bytes of flushes and compactions for each byte of keys and values, after compaction' +
      ' settled. Space: bytes of tables for each byte left after merging everything. Read:' +
      ' table blocks' +
      ' looked into for each point read, right after the last write. Theory in brackets.',
    amplificationTable(flatOut, settings),
    `![amplification](${pictures.amplification})`,
    ...mixesMarkdown(report, pictures),
  ]
  return `${parts.filter((part) => part !== undefined).join('\n\n')}\n`
}

function introduction({ about, command, settings }) {
  const { records, valueBytes, memtableBytes, tableBytes, sizeRatio, putsPerGet } = settings
  const count = (number) => number.toLocaleString('en-US')
  return [
    `${count(records)} records of 16-byte keys and ${valueBytes}-byte values, written once in` +
      ' random' +
      ` order and then overwritten evenly; one read for every ${putsPerGet} writes. Memtables of` +
      ` ${memtableBytes / 1024} KiB and tables of ${tableBytes / 1024} KiB, for a flush every` +
      ' few hundred' +
      ` writes; size ratio ${sizeRatio} for all policies; a log that is not synced.`,
    '',
    `${about.cpu}, ${about.cores} cores, ${about.memoryGiB} GiB, ${about.os}, Node ${about.node},` +
      ` commit ${about.commit}, ${about.date.slice(0, 10)}: \`${command}\`.`,
  ].join('\n')
}

function rateTable(runs) {
  return table(
    [
      'policy',
      'background',
      'p50',
      'p99',
      'p99.9',
      'p99.99',
      'longest',
      'longest get',
      'longest turn',
      'no processor for',
    ],
    runs.map(({ policy, mode, latency, turns, seconds, queuedSeconds }) => [
      policy,
      mode,
      ...['p50', 'p99', 'p999', 'p9999', 'max'].map((name) => ms(latency.put[name])),
      ms(latency.get.max),
      ms(turns.max),
      `${figure((100 * queuedSeconds) / seconds)}%`,
    ]),
  )
}

/** How much the thread is worth. */
function ratios(runs) {
  const policies = [...new Set(runs.map(({ policy }) => policy))]
  const of = (policy, mode) => runs.find((run) => run.policy === policy && run.mode === mode)
  const texts = policies.flatMap((policy) => {
    const [inline, thread] = [of(policy, 'inline'), of(policy, 'thread')]
    if (inline === undefined || thread === undefined) return []
    const ratio = inline.latency.put.p999 / thread.latency.put.p999
    return [`${policy} ${figure(ratio)}`]
  })
  return texts.length === 0
    ? []
    : [`Inline’s p99.9, as a multiple of the thread’s: ${texts.join(', ')}.`]
}

function flatOutTable(runs) {
  return table(
    [
      'policy',
      'background',
      'puts/s',
      'p50',
      'p99',
      'p99.9',
      'longest',
      'flushes',
      'compactions',
      'stalls',
      'stalled s',
      'CPU s',
    ],
    runs.map((run) => [
      run.policy,
      run.mode,
      figure(run.operations / run.seconds),
      ...['p50', 'p99', 'p999', 'max'].map((name) => ms(run.latency.put[name])),
      run.flushes.count,
      run.compactions.count,
      run.stalls.count,
      figure(run.stalls.timeMs / 1000),
      figure(run.cpuSeconds),
    ]),
  )
}

function amplificationTable(runs, settings) {
  return table(
    ['policy', 'background', 'write', 'space', 'read', 'sorted runs by level'],
    runs.map(({ policy, mode, amplification, liveBytes, levels }) => {
      const expected = theory(policy, settings, liveBytes)
      return [
        policy,
        mode,
        beside(amplification.write, expected?.write),
        beside(amplification.space, expected?.space),
        figure(amplification.read),
        runsText(levels),
      ]
    }),
  )
}

/** The measured figures, and the theoretical ones where a theory exists. */
function beside(measured, expected) {
  return expected === undefined ? figure(measured) : `${figure(measured)} (${figure(expected)})`
}

function ms(us) {
  return `${figure(us / 1000)} ms`
}
