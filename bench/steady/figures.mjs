const keyBytes = 16
/** Until there is that much data, the log and the memtables are most of the disk's use. */
const leastLiveBytes = 1e9

/** The figures of a run, and its curve. */
export function figuresOf(written, reads, { seconds, valueBytes, readsPerSecond }) {
  const { writes, samples, longestBatchMs } = written
  const average = writes.reduce((sum, count) => sum + count, 0) / seconds
  const variance = writes.reduce((sum, count) => sum + (count - average) ** 2, 0) / seconds
  const liveBytes = ({ distinct }) => distinct * (keyBytes + valueBytes)
  const last = samples.at(-1)
  const ratios = samples
    .filter((sample) => liveBytes(sample) >= Math.min(leastLiveBytes, liveBytes(last)))
    .map((sample) => sample.diskBytes / liveBytes(sample))
  return {
    writesPerSecond: average,
    variation: Math.sqrt(variance) / average,
    secondsWithoutWrites: writes.filter((count) => count === 0).length,
    slowestSecond: Math.min(...writes),
    longestBatchMs,
    peakDiskBytes: Math.max(...samples.map(({ diskBytes }) => diskBytes)),
    liveBytes: liveBytes(last),
    diskPerLiveByte: Math.max(...ratios),
    ...(readsPerSecond > 0 && {
      getP50Us: reads.latencies.percentileUs(0.5),
      getP999Us: reads.latencies.percentileUs(0.999),
    }),
    writes,
    samples,
  }
}
