import type { Stats } from 'varve'
import {
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatRatio,
} from '../text/quantity.js'

/** The figures of a database as text, a topic a line. */
export function renderStats(stats: Stats): string {
  return topics(stats)
    .map(([name, facts]) => `${name.padEnd(14)}${facts.join(', ')}`)
    .join('\n')
}

function topics(stats: Stats): [string, string[]][] {
  return [...contents(stats), ...work(stats), ...reads(stats), ...condition(stats)]
}

function contents({ sequence, tables, memory, snapshots, iterators }: Stats): [string, string[]][] {
  return [
    ['sequence', [formatCount(sequence)]],
    [
      'tables',
      [
        formatCount(tables.count),
        formatBytes(tables.sizeBytes),
        `${formatCount(tables.open)} open`,
      ],
    ],
    [
      'memory',
      [
        formatBytes(memory.total),
        `memtables ${formatBytes(memory.memtables)}`,
        `cache ${formatBytes(memory.cache)}`,
        `tables ${formatBytes(memory.tables)}`,
        `commit buffers ${formatBytes(memory.commitBuffers)}`,
        `threads ${formatBytes(memory.threads)}`,
      ],
    ],
    ['readers', [formatCounted(snapshots, 'snapshot'), formatCounted(iterators, 'iterator')]],
  ]
}

function work({
  operations,
  bytes,
  amplification,
  flushes,
  compactions,
}: Stats): [string, string[]][] {
  return [
    [
      'operations',
      [
        formatCounted(operations.writes, 'write'),
        formatCounted(operations.commits, 'commit'),
        formatCounted(operations.gets, 'get'),
      ],
    ],
    [
      'written',
      [
        `user ${formatBytes(bytes.user)}`,
        `log ${formatBytes(bytes.log)}`,
        `flush ${formatBytes(bytes.flush)}`,
        `compaction ${formatBytes(bytes.compaction)} (read ${formatBytes(bytes.compactionRead)})`,
      ],
    ],
    [
      'amplification',
      [
        `write ${amplification.write.toFixed(2)}`,
        `read ${amplification.read.toFixed(2)}`,
        `space ${amplification.space.toFixed(2)}`,
      ],
    ],
    [
      'flushes',
      [
        formatCount(flushes.count),
        formatDuration(flushes.timeMs),
        ...(flushes.failure === undefined ? [] : [flushes.failure]),
      ],
    ],
    [
      'compactions',
      [
        compactions.policy,
        formatCount(compactions.count),
        formatCounted(compactions.moves, 'move'),
        formatCounted(compactions.drops, 'drop'),
        formatDuration(compactions.timeMs),
        `${formatCount(compactions.running)} running${compactions.paused ? ', paused' : ''}`,
        `debt ${formatBytes(compactions.debtBytes)}`,
        ...(compactions.failure === undefined ? [] : [compactions.failure]),
      ],
    ],
  ]
}

function reads({ cache, filters }: Stats): [string, string[]][] {
  return [
    [
      'cache',
      [
        `${formatBytes(cache.usedBytes)} of ${formatBytes(cache.capacityBytes)}`,
        formatCounted(cache.hits, 'hit'),
        formatCounted(cache.misses, 'miss', 'misses'),
        `${formatRatio(cache.hits, cache.hits + cache.misses)} hit rate`,
      ],
    ],
    [
      'filters',
      [
        formatCounted(filters.probes, 'probe'),
        `${formatCount(filters.useful)} useful`,
        formatCounted(filters.falsePositives, 'false positive'),
      ],
    ],
  ]
}

function condition({ stalls, recovery, backgroundErrors }: Stats): [string, string[]][] {
  const { memtables, level0, debt } = stalls.byCause
  return [
    [
      'stalls',
      [
        formatCount(stalls.count),
        formatDuration(stalls.timeMs),
        `memtables ${formatCount(memtables.count)}`,
        `level 0 ${formatCount(level0.count)}`,
        `debt ${formatCount(debt.count)}`,
      ],
    ],
    [
      'recovery',
      [
        formatCounted(recovery.replayedRecords, 'replayed record'),
        formatCounted(recovery.tornTails, 'torn tail'),
        `${formatBytes(recovery.droppedBytes)} dropped`,
      ],
    ],
    ['errors', [`${formatCount(backgroundErrors)} in the background`]],
  ]
}
