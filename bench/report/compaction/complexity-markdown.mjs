const kinds = {
  steps: 'steps',
  comparisons: 'key comparisons',
  blocks: 'blocks',
  writes: 'writes to files',
  readBytes: 'bytes read',
  writtenBytes: 'bytes written',
  falsePositives: 'false positives',
}

/** The counts of every operation, a column for each size. */
export function complexityMarkdown({ about, sizes, measurements, filters, problems }) {
  const operations = [...new Set(measurements.map(({ operation }) => operation))]
  const rows = operations.flatMap((operation) => {
    const bySize = measurements.filter((measurement) => measurement.operation === operation)
    const names = Object.keys(kinds).filter((name) => bySize[0].counts[name] !== undefined)
    return names.map((name, i) => [
      i === 0 ? operation : '',
      i === 0 ? bySize[0].theory : '',
      kinds[name],
      ...bySize.map(({ counts }) => figureOf(name, counts[name])),
    ])
  })
  const filterRows = filters.map(({ bitsPerKey, measured, theory }) => [
    bitsPerKey,
    percent(measured),
    percent(theory),
    (measured / theory).toFixed(2),
  ])
  return `# What operations cost, counted

Counted, not timed, so the figures are the same on every machine: \`npm run bench:complexity\`,
commit ${about.commit}, Node ${about.node}.

A step is a function call or a loop iteration, in a copy of the engine with counters; one call
into the platform is one step. Keys have 16 bytes in random order, values 20. Where the theory is
O(n), the counts are per entry, and should be the same in every column.

${table(['operation', 'theory', 'counted', ...sizes.map((n) => n.toLocaleString('en-US'))], rows)}

${verdict(problems)}

## Filters

All probes of a key are in one line of 64 bytes, which costs one cache miss instead of several.
Such a filter has more false positives than one whose probes are anywhere, and the difference
grows with its size. Filters also use only 32 bits of hash: with n keys in a table, n / 2^32 more
reads pass, which shows at 10 million above. A table of 32 MiB has a few hundred thousand keys.

${table(['bits per key', 'let through', '0.6185^bits', 'ratio'], filterRows)}
`
}

function verdict(problems) {
  if (problems.length === 0) return 'Nothing grows faster than its theory says.'
  return ['Faster than theory says:', '', ...problems.map((problem) => `- ${problem}`)].join('\n')
}

function figureOf(name, count) {
  if (name === 'falsePositives') return percent(count)
  return count >= 100 ? Math.round(count).toLocaleString('en-US') : count.toFixed(2)
}

function percent(share) {
  return `${(100 * share).toPrecision(3)}%`
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, i) => (i < 2 ? '---' : '---:'))
  return [head, rule, ...rows].map(line).join('\n')
}
