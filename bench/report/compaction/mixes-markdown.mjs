import { describeMix, mixes, mixPolicies } from '../../compaction/mixes.mjs'
import { figure } from '../figure.mjs'
import { table } from '../markdown-table.mjs'

/**
 * What policies make of different uses: a part of the report, and nothing when it was not measured.
 */
export function mixesMarkdown({ mixRuns, mixSettings }, pictures) {
  if (mixRuns.length === 0) return []
  const { records, memtableBytes, tableBytes, entriesPerScan } = mixSettings
  const used = Object.keys(mixes).filter((mix) => mixRuns.some((run) => run.mix === mix))
  return [
    '## What a database is used for',
    `${records.toLocaleString('en-US')} records, memtables of ${memtableBytes / 1024} KiB and` +
      ' tables' +
      ` of ${tableBytes / 1024} KiB, other thresholds at their defaults; operations one after` +
      ' the other;' +
      ` a scan reads ${entriesPerScan} entries. Operations a second, medians of the rounds;` +
      ' in brackets' +
      ' the seconds of each phase. The last column: adaptive as a share of the best fixed policy.',
    table(
      ['mix', ...mixPolicies, 'adaptive / best'],
      used.map((mix) => [
        mix,
        ...mixPolicies.map((policy) => speedText(medianRun(mixRuns, mix, policy))),
        shareText(mixRuns, mix),
      ]),
    ),
    used.map((mix) => `- ${mix}: ${describeMix(mixes[mix])}`).join('\n'),
    `![operations a second](${pictures.mixes})`,
    'What adaptive decided, seconds after the start:',
    changesText(mixRuns, used),
    `![the mix that changes](${pictures.changing})`,
  ]
}

/** The run of the median speed; undefined when there is none. */
export function medianRun(mixRuns, mix, policy) {
  const all = mixRuns.filter((run) => run.mix === mix && run.policy === policy)
  all.sort((a, b) => a.seconds - b.seconds)
  return all[Math.floor((all.length - 1) / 2)]
}

function speedText(run) {
  if (run === undefined) return '–'
  const phases = run.phaseSeconds.map(figure).join(' + ')
  return `${figure(run.operations / run.seconds)} (${phases})`
}

function shareText(mixRuns, mix) {
  const adaptive = medianRun(mixRuns, mix, 'adaptive')
  const fixed = mixPolicies
    .filter((policy) => policy !== 'adaptive')
    .map((policy) => medianRun(mixRuns, mix, policy)?.seconds)
    .filter((seconds) => seconds !== undefined)
  if (adaptive === undefined || fixed.length === 0) return '–'
  return figure(Math.min(...fixed) / adaptive.seconds)
}

function changesText(mixRuns, used) {
  const rows = used.flatMap((mix) =>
    (medianRun(mixRuns, mix, 'adaptive')?.changes ?? []).map(({ s, from, to, reason }) => [
      mix,
      figure(s),
      `${from} → ${to}`,
      reason,
    ]),
  )
  return rows.length === 0 ? 'nothing.' : table(['mix', 's', 'change', 'reason'], rows)
}
