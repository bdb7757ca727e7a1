import { figure } from '../figure.mjs'

/** The page: the picture and a table of all runs. */
export function steadyMarkdown({ runs, about, command }, picture) {
  const day = about.date.slice(0, 10)
  const columns = [
    'engine',
    'policy',
    'backup',
    'writes per second',
    'variation',
    'seconds without writes',
    'slowest second',
    'longest batch, ms',
    'bytes on disk per live byte',
    `gets at ${readsOf(runs)}/s: p99.9, µs`,
  ]
  return `# Steady writes

64 puts of 1,000 bytes at once, random keys out of 3 million, default options; each run is a process
of its own, on ${about.cpu}, Node ${about.node}, ${day}. Varve before: the build to compare with.
Made by \`${command}\`.

![Writes per second](${picture})

| ${columns.join(' | ')} |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${runs.map(row).join('\n')}
`
}

function readsOf(runs) {
  return figure(Math.max(...runs.map(({ readsPerSecond }) => readsPerSecond)) || 10_000)
}

function row(run) {
  const cells = [
    run.engine,
    run.policy ?? '–',
    run.backup,
    figure(run.writesPerSecond),
    run.variation.toFixed(2),
    run.secondsWithoutWrites,
    figure(run.slowestSecond),
    figure(run.longestBatchMs),
    run.diskPerLiveByte.toFixed(2),
    run.getP999Us === undefined ? '–' : figure(run.getP999Us),
  ]
  return `| ${cells.join(' | ')} |`
}
