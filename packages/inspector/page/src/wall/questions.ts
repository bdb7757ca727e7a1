import type { SampleMessage } from '../../../src/protocol/messages.js'
import { counted, formatBytes, formatDuration, formatShare } from '../quantity.js'

/** A question of an operator, with its answer and what to do. */
export interface Question {
  readonly question: string
  readonly state: 'good' | 'look' | 'act'
  readonly answer: string
  readonly advice?: string
}

const recentSamples = 60
const slowLoopMs = 50
const littleDiskShare = 0.1
const poorHitShare = 0.8
/** With fewer, a share says nothing. */
const minReads = 200

/** The questions that an engineer on call asks, answered from the latest samples. */
export function questionsFor(samples: readonly SampleMessage[]): Question[] {
  const last = samples.at(-1)
  if (last === undefined) return []
  const before = samples.at(-recentSamples) ?? samples[0]
  return [
    stalls(last, before),
    backgroundWork(last),
    debt(last, before),
    cache(last, before),
    filters(last),
    memory(last),
    snapshots(last),
    eventLoop(samples),
    disk(last),
  ]
}

function stalls({ stats }: SampleMessage, before: SampleMessage): Question {
  const question = 'Are writes held back?'
  const causes = Object.entries(stats.stalls.byCause)
    .map(([cause, { count }]) => ({
      cause,
      growth: count - before.stats.stalls.byCause[cause as keyof typeof stats.stalls.byCause].count,
    }))
    .filter(({ growth }) => growth > 0)
  if (causes.length === 0) {
    const { count, timeMs } = stats.stalls
    const past = count === 0 ? 'never since open' : `not now; ${formatDuration(timeMs)} since open`
    return { question, state: 'good', answer: `No, ${past}` }
  }
  return {
    question,
    state: 'act',
    answer: `Yes: ${causes.map(({ cause, growth }) => `${cause} (${growth})`).join(', ')}`,
    advice:
      'Writes outrun flushes and compactions. Write less at a time, use a larger memtable, more ' +
      "background threads, or compaction 'sizeTiered'.",
  }
}

function backgroundWork({ stats }: SampleMessage): Question {
  const question = 'Does background work succeed?'
  const failure = stats.flushes.failure ?? stats.compactions.failure
  if (failure !== undefined) {
    return { question, state: 'act', answer: failure, advice: 'Fix the cause; work resumes alone.' }
  }
  if (stats.compactions.paused) {
    return {
      question,
      state: 'look',
      answer: 'Compactions are paused',
      advice: 'Call resumeCompaction(); tables collect on level 0 until then.',
    }
  }
  const errors = stats.backgroundErrors
  return errors === 0
    ? { question, state: 'good', answer: 'Yes' }
    : { question, state: 'look', answer: `Now it does, after ${counted(errors, 'failure')}` }
}

function debt({ stats }: SampleMessage, before: SampleMessage): Question {
  const question = 'Do compactions keep up?'
  const now = stats.compactions.debtBytes
  const growth = now - before.stats.compactions.debtBytes
  if (now === 0) return { question, state: 'good', answer: 'Yes, without debt' }
  if (growth <= 0 || now < 4 * stats.bytes.flush * 0.01) {
    return { question, state: 'good', answer: `Yes, debt is ${formatBytes(now)}` }
  }
  return {
    question,
    state: 'look',
    answer: `Debt is ${formatBytes(now)}, ${formatBytes(growth)} more than before`,
    advice: 'If it keeps growing, writes will be slowed down. Raise background.threads.',
  }
}

function cache({ stats }: SampleMessage, before: SampleMessage): Question {
  const question = 'Is the block cache large enough?'
  const hits = stats.cache.hits - before.stats.cache.hits
  const reads = hits + stats.cache.misses - before.stats.cache.misses
  if (reads < minReads) return { question, state: 'good', answer: 'Few blocks are read' }
  const share = hits / reads
  const isFull = stats.cache.usedBytes > stats.cache.capacityBytes * 0.9
  const answer = `${formatShare(share)} of ${counted(reads, 'block read')} hit it`
  if (share >= poorHitShare || !isFull) return { question, state: 'good', answer }
  return {
    question,
    state: 'look',
    answer,
    advice:
      `It is full (${formatBytes(stats.cache.capacityBytes)}). ` +
      'Raise cacheBytes or memoryBytes.',
  }
}

function filters({ stats }: SampleMessage): Question {
  const question = 'Do filters save reads?'
  const { useful, falsePositives } = stats.filters
  const absent = useful + falsePositives
  if (absent < minReads) return { question, state: 'good', answer: 'Few absent keys are read' }
  const share = falsePositives / absent
  const answer = `${formatShare(share)} of absent keys pass them`
  if (share < 0.05) return { question, state: 'good', answer }
  return { question, state: 'look', answer, advice: 'Raise filterBitsPerKey, then compact.' }
}

function memory({ stats, residentBytes }: SampleMessage): Question {
  const { memtables, cache: blocks, tables, total } = stats.memory
  return {
    question: 'Where does memory go?',
    state: 'good',
    answer: `${formatBytes(total)} of the process' ${formatBytes(residentBytes)}`,
    advice:
      `Memtables ${formatBytes(memtables)}, cache ${formatBytes(blocks)}, ` +
      `filters and indexes ${formatBytes(tables)}.`,
  }
}

function snapshots({ stats }: SampleMessage): Question {
  const question = 'Does anything keep old data?'
  const { iterators, transactions } = stats
  if (stats.snapshots + iterators + transactions.open === 0) {
    return { question, state: 'good', answer: 'No snapshot, iterator or transaction is open' }
  }
  return {
    question,
    state: 'look',
    answer:
      `${counted(stats.snapshots, 'snapshot')}, ${counted(iterators, 'iterator')}, ` +
      counted(transactions.open, 'transaction'),
    advice: 'Each keeps the versions and files that it can see. Close those that you do not need.',
  }
}

function eventLoop(samples: readonly SampleMessage[]): Question {
  const question = 'Is the event loop free?'
  const recent = samples.slice(-recentSamples)
  const maxMs = Math.max(...recent.map(({ loopDelayMs }) => loopDelayMs.max))
  const answer = `Longest delay ${formatDuration(maxMs)}`
  if (maxMs < slowLoopMs) return { question, state: 'good', answer }
  return {
    question,
    state: 'look',
    answer,
    advice:
      'Long synchronous work delays everything else. Profile the process, or yield more often.',
  }
}

function disk({ disk: found }: SampleMessage): Question {
  const question = 'Is the disk full?'
  if (found === undefined)
    return { question, state: 'good', answer: 'The file system does not say' }
  const share = found.freeBytes / found.totalBytes
  const answer = `${formatBytes(found.freeBytes)} free, ${formatShare(share)}`
  if (share > littleDiskShare) return { question, state: 'good', answer }
  return {
    question,
    state: 'act',
    answer,
    advice: 'Compactions wait when there is no room for their output. Free space.',
  }
}
