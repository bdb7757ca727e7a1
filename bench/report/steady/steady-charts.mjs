import { colors, render, title } from '../drawing.mjs'

const names = { varve: 'Varve', 'varve before': 'Varve before', rocksdb: 'RocksDB' }

/** Writes of each second, a panel for each engine, policy and backup. */
export function drawSteady({ runs, about }) {
  const values = runs
    .filter(({ round, readsPerSecond }) => round === 0 && readsPerSecond === 0)
    .flatMap((run) =>
      run.writes.map((writes, second) => ({
        panel: panelOf(run),
        engine: names[run.engine] ?? run.engine,
        second,
        writes,
      })),
    )
  const engines = [...new Set(values.map(({ engine }) => engine))]
  const day = about.date.slice(0, 10)
  const subtitle = `64 puts of 1,000 bytes at once, random keys; ${about.cpu}, ${day}.`
  return render({
    title: title('Writes per second at saturation', subtitle),
    data: { values },
    facet: { row: { field: 'panel', sort: [...new Set(runs.map(panelOf))], title: null } },
    spec: {
      width: 780,
      height: 150,
      encoding: {
        x: { field: 'second', type: 'quantitative', title: 'second' },
        y: {
          field: 'writes',
          type: 'quantitative',
          title: 'writes',
          axis: { format: '~s', tickCount: 4 },
        },
        color: {
          field: 'engine',
          type: 'nominal',
          scale: { domain: engines, range: engines.map(colorOf) },
          legend: { title: null, orient: 'bottom', symbolType: 'stroke', symbolStrokeWidth: 3 },
        },
      },
      mark: { type: 'line', strokeWidth: 1.6, interpolate: 'step-after' },
    },
  })
}

function panelOf({ policy, backup }) {
  if (policy === undefined) return 'peers'
  return `${policy}, ${backup} a backup`
}

function colorOf(engine) {
  if (engine === 'Varve before') return '#999999'
  return colors[engine.toLowerCase()]
}
