import type { Stats } from 'varve'
import type { DirectoryDescription, DirectoryOwner, FileTotals } from 'varve/tools'
import { colors } from '../text/colors.js'
import { formatBytes, formatCount, formatCounted } from '../text/quantity.js'

export interface DirectoryFigures {
  /** Of a reader in this process: figures from the files, and its own counters. */
  stats: Stats
  files: DirectoryDescription['files']
  owner: DirectoryOwner | undefined
  /** Since the last look. */
  writesPerSecond: number | undefined
}

/**
 * The figures that hold for the database itself, whichever process has it open. Those that each
 * process counts on its own are named instead, with the place where they can be read.
 */
export function renderDirectory(figures: DirectoryFigures): string {
  const { stats, files, owner, writesPerSecond } = figures
  const { sequence, tables, recovery, amplification } = stats
  const rate = writesPerSecond === undefined ? [] : [`${formatCount(writesPerSecond)} operations/s`]
  const spare = files.tables.count - tables.count
  const topics: [string, string[]][] = [
    ['owner', [ownerText(owner)]],
    ['sequence', [formatCount(sequence), ...rate]],
    [
      'tables',
      [
        formatCount(tables.count),
        formatBytes(tables.sizeBytes),
        `space amplification ${amplification.space.toFixed(2)}`,
      ],
    ],
    [
      'logs',
      [
        ...totals(files.logs),
        `${formatCounted(recovery.replayedRecords, 'commit')} not in tables yet`,
      ],
    ],
    ['MANIFEST', [formatBytes(files.manifests.sizeBytes)]],
  ]
  if (files.temporary.count > 0) {
    const what = owner === undefined ? 'left by a crash' : 'being written by the owner'
    topics.push(['temporary', [...totals(files.temporary), what]])
  }
  if (spare > 0) {
    const when = owner === undefined ? 'the next open removes them' : 'kept for open readers'
    topics.push(['obsolete', [formatCounted(spare, 'table'), when]])
  }
  const lines = topics.map(([name, facts]) => `${name.padEnd(12)}${facts.join(', ')}`)
  return [...lines, colors.dim(counterNote(owner))].join('\n')
}

function ownerText(owner: DirectoryOwner | undefined): string {
  if (owner === undefined) return 'none: no process has the database open for writing'
  const { pid, threadId, hostname, sinceMs } = owner
  const thread = threadId === 0 ? '' : `, thread ${threadId}`
  const self = pid === process.pid ? ' (this one)' : ''
  return `process ${pid}${self}${thread} on ${hostname}, since ${new Date(sinceMs).toISOString()}`
}

function counterNote(owner: DirectoryOwner | undefined): string {
  const counters =
    'Each process counts its own reads, cache, filters, flushes, compactions and stalls.\n'
  const where =
    owner === undefined
      ? "Call db.stats() in the process that opens the database, or 'stats' in 'varve shell'."
      : `For those of process ${owner.pid}, call db.stats() there, ` +
        'or serve prometheusText(db) from it.'
  return counters + where
}

function totals({ count, sizeBytes }: FileTotals): string[] {
  return [formatCount(count), formatBytes(sizeBytes)]
}
