/** The report of bench/transactions.mjs as a page. */
export function transactionsMarkdown(report) {
  const { about, rounds, operations, workers, accounts, singles, transfers, skipped } = report
  const skips = Object.entries(skipped).map(([name, reason]) => `- ${name} was skipped: ${reason}`)
  return `# Transactions

Measured on ${about.date.slice(0, 10)} with Node ${about.node}, ${about.cores} cores
(${about.cpu}), commit ${about.commit}: medians of ${rounds} rounds of
${operations.toLocaleString('en')} operations, in turns, in one process.

A transaction of one read and one write, each awaited before the next, compared with a put:

| kind            |     per second | times the put |
| --------------- | -------------: | ------------: |
${Object.entries(singles)
  .map(([kind, rates]) => {
    const base = singles[kind.endsWith('Sync') ? 'putSync' : 'put']
    const times = medianOf(rates.map((rate, i) => base[i] / rate)).toFixed(2)
    return `| ${kind} | ${median(rates)} | ${times} |`
  })
  .join('\n')}

The aim is at most 3 times the put. The machine was not idle: compare figures of one run only.

Transfers between ${accounts.toLocaleString('en')} accounts by ${workers} workers. A transfer
reads and writes two accounts. No engine syncs; ", sync" is the synchronous API.

| engine | transfers per second | conflicts retried |
| ------ | -------------------: | ----------------: |
${Object.entries(transfers)
  .map(([name, { rates, conflicts }]) => `| ${name} | ${median(rates)} | ${conflicts ?? '-'} |`)
  .join('\n')}

${skips.join('\n')}
`
}

function median(rates) {
  return medianOf(rates).toLocaleString('en')
}

function medianOf(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
}
