import { colors, render, title } from '../drawing.mjs'

const wayNames = { batches: 'batches of 1,000', puts: 'one put after the other' }

/** Cost of a write and write amplification against the number of records. */
export function drawScale({ runs, about }) {
  const values = runs.flatMap(({ engine, way, records, microseconds, writeAmplification }) => {
    const point = { engine, way: wayNames[way], records }
    return [
      { ...point, panel: panels.cost, figure: microseconds },
      { ...point, panel: panels.amplification, figure: writeAmplification },
    ]
  })
  const engines = [...new Set(runs.map(({ engine }) => engine))]
  const subtitle = `Random fill, compaction included; ${about.cpu}, ${about.date.slice(0, 10)}.`
  return render({
    title: title('What a write costs as the database grows', subtitle),
    data: { values },
    facet: { column: { field: 'panel', sort: Object.values(panels), title: null } },
    spec: {
      width: 380,
      height: 280,
      encoding: {
        x: {
          field: 'records',
          type: 'quantitative',
          scale: { type: 'log' },
          title: 'records (logarithmic)',
          axis: { format: '~s', values: [1e5, 3e5, 1e6, 3e6, 1e7, 2e7] },
        },
        y: { field: 'figure', type: 'quantitative', title: null, aggregate: 'median' },
        color: {
          field: 'engine',
          type: 'nominal',
          scale: { domain: engines, range: engines.map((engine) => colors[engine]) },
          legend: { title: null, orient: 'bottom', symbolType: 'stroke', symbolStrokeWidth: 3 },
        },
        strokeDash: { field: 'way', type: 'nominal', legend: { title: null, orient: 'bottom' } },
      },
      mark: { type: 'line', strokeWidth: 1.8, point: { size: 30 } },
    },
    resolve: { scale: { y: 'independent' } },
  })
}

const panels = {
  cost: 'microseconds a write',
  amplification: 'bytes written to files for each byte given',
}
