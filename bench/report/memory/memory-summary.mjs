/** Medians of the rounds: a row for each dataset, size, encoding, workload and engine. */
export function summarizeMemory({ runs }) {
  const groups = new Map()
  for (const run of runs) {
    const { dataset, times, encoding, engine, diskBytes } = run
    for (const [workload, figures] of Object.entries(run.results)) {
      const key = JSON.stringify([dataset, times, encoding, workload, engine])
      const row = { dataset, times, encoding, workload, engine, diskBytes, all: [] }
      if (!groups.has(key)) groups.set(key, row)
      groups.get(key).all.push(figures)
    }
  }
  return [...groups.values()].map(({ all, ...row }) => ({
    ...row,
    rounds: all.length,
    microseconds: medianOf(all, 'microseconds'),
    lowest: Math.min(...all.map(({ microseconds }) => microseconds)),
    highest: Math.max(...all.map(({ microseconds }) => microseconds)),
    diskBytesRead: medianOf(all, 'diskBytesRead'),
    callBytesRead: medianOf(all, 'callBytesRead'),
  }))
}

function medianOf(all, name) {
  const sorted = all.map((figures) => figures[name]).filter((each) => each !== undefined)
  sorted.sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}
