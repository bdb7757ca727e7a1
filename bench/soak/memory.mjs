// What stats() reports of the memory, beside what the process takes. The JavaScript heap of the
// main thread is left out: it serves the whole program, and mostly V8's young generation grows.

const MiB = 1024 * 1024

/** Difference from the reported memory that is allowed, as a share of it. */
const maxDifference = 0.2

/** Columns of the samples, in MiB, beside the resident size. */
export const memoryParts = [
  'usedMiB',
  'reportedMiB',
  'memtablesMiB',
  'cacheMiB',
  'tablesMiB',
  'commitBuffersMiB',
  'threadsMiB',
  'heapMiB',
  'externalMiB',
]

/** A sample. `baseline`: `process.memoryUsage()` before the database was opened. */
export function memoryOf(db, baseline) {
  const { memory, tables } = db.stats()
  const { rss, heapTotal, external } = process.memoryUsage()
  const heapGrowth = heapTotal - baseline.heapTotal
  return {
    residentMiB: rss / MiB,
    usedMiB: (rss - baseline.rss - heapGrowth) / MiB,
    reportedMiB: memory.total / MiB,
    memtablesMiB: memory.memtables / MiB,
    cacheMiB: memory.cache / MiB,
    tablesMiB: memory.tables / MiB,
    commitBuffersMiB: memory.commitBuffers / MiB,
    threadsMiB: memory.threads / MiB,
    heapMiB: heapTotal / MiB,
    externalMiB: external / MiB,
    tables: tables.count,
  }
}

/** Compares the medians of the samples. */
export function judgeMemory(samples) {
  const of = (name) => median(samples.map((sample) => sample[name]))
  const [used, reported] = [of('usedMiB'), of('reportedMiB')]
  const difference = used / reported - 1
  const isClose = Math.abs(difference) <= maxDifference
  const parts = memoryParts.map((name) => `${name} ${of(name).toFixed(1)}`).join(', ')
  const sign = difference < 0 ? '' : '+'
  const text =
    `${isClose ? 'close' : 'NOT CLOSE'}  memory: ${used.toFixed(1)} MiB more than before it was` +
    ` opened, ${reported.toFixed(1)} MiB reported (${sign}${(100 * difference).toFixed(1)}%);` +
    ` ${of('tables')} tables; ${parts}`
  return { text, isClose }
}

function median(numbers) {
  const sorted = Float64Array.from(numbers).sort()
  return sorted[sorted.length >> 1]
}
