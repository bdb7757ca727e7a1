// Whether what was sampled over time stays where it is.

/**
 * The figures to watch, and how far each may rise from its first sample to its last.
 */
export const lines = {
  residentMiB: { title: 'memory of the process, MiB', maxRise: 0.15 },
  handles: { title: 'open file handles', maxRise: 0.15 },
  diskMiB: { title: 'disk, MiB', maxRise: 0.2 },
  writeP50Us: { title: 'write, median, µs', maxRise: 0.5 },
  readP50Us: { title: 'read, median, µs', maxRise: 0.5 },
  writeP99Us: { title: 'write, p99, µs', maxRise: 1 },
  readP99Us: { title: 'read, p99, µs', maxRise: 1 },
}

/** Below these a line is flat whatever it does: numbers so small say nothing. */
const negligible = { handles: 5, writeP50Us: 20, readP50Us: 20, writeP99Us: 500, readP99Us: 500 }

/**
 * Of each line: its median, its slope an hour, and whether it is flat. Lines that only fall are.
 */
export function judge(samples) {
  return Object.entries(lines).map(([name, { title, maxRise }]) => {
    const points = samples.map((sample) => [sample.seconds, sample[name]])
    const figures = points.filter(([, y]) => y !== undefined)
    const level = median(figures.map(([, y]) => y))
    const slope = slopeOf(figures)
    const span = figures.at(-1)[0] - figures[0][0]
    const rise = slope * span
    const isFlat = rise <= maxRise * level || rise <= (negligible[name] ?? 0)
    return { name, title, level, slopePerHour: slope * 3600, rise: rise / level, maxRise, isFlat }
  })
}

/**
 * The median of the slopes between all pairs of points (Theil, 1950; Sen, 1968): some outliers,
 * such as a compaction that was sampled, do not move it.
 */
function slopeOf(points) {
  const slopes = []
  for (const [i, [x, y]] of points.entries()) {
    for (const [laterX, laterY] of points.slice(i + 1)) slopes.push((laterY - y) / (laterX - x))
  }
  return median(slopes)
}

function median(numbers) {
  const sorted = Float64Array.from(numbers).sort()
  return sorted[sorted.length >> 1]
}
