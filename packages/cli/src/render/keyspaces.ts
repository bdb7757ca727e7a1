import type { KeyspaceInfo, KeyspaceStats } from 'varve'
import { printableText } from '../text/printable.js'
import { formatBytes, formatCount, formatCounted } from '../text/quantity.js'

/** A keyspace in one line. */
export function describeKeyspace(keyspace: KeyspaceInfo): string {
  const { name, keyEncoding, valueEncoding, tables, sizeBytes } = keyspace
  return (
    `${printableText(name)}  keys ${keyEncoding}, values ${valueEncoding}, ` +
    `${formatCounted(tables, 'table')}, ${formatBytes(sizeBytes)}`
  )
}

/** The figures of a keyspace as text, a topic a line. */
export function renderKeyspaceStats(name: string, stats: KeyspaceStats): string {
  const topics: [string, string[]][] = [
    ['keyspace', [printableText(name)]],
    ['tables', [formatCount(stats.tables), formatBytes(stats.sizeBytes)]],
    ['memtables', [formatBytes(stats.memtableBytes)]],
    ['written', [formatBytes(stats.writtenBytes)]],
    [
      'reads',
      [
        formatCounted(stats.gets, 'get'),
        formatCounted(stats.scans, 'scan'),
        formatCounted(stats.scannedEntries, 'scanned entry', 'scanned entries'),
      ],
    ],
    [
      'amplification',
      [
        `read ${stats.readAmplification.toFixed(2)}`,
        `space ${stats.spaceAmplification.toFixed(2)}`,
      ],
    ],
    ['compactions', [stats.policy, `debt ${formatBytes(stats.debtBytes)}`]],
  ]
  return topics.map(([topic, facts]) => `${topic.padEnd(14)}${facts.join(', ')}`).join('\n')
}
