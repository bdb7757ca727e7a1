import { colors, render, title } from '../drawing.mjs'
import { summarizeMemory } from './memory-summary.mjs'

/** Cost of each workload against the size of the data, for strings; a column per dataset. */
export function drawMemory(report) {
  const { about, memoryMiB } = report
  const values = summarizeMemory(report).filter(({ encoding }) => encoding === 'utf8')
  const engines = [...new Set(values.map(({ engine }) => engine))]
  const workloads = [...new Set(values.map(({ workload }) => workload))]
  const day = about.date.slice(0, 10)
  const subtitle = `Random reads of strings within ${memoryMiB} MiB; ${about.cpu}, ${day}.`
  return render({
    title: title('Reads as the data outgrows the memory', subtitle),
    data: { values },
    facet: {
      row: { field: 'workload', sort: workloads, title: null },
      column: { field: 'dataset', title: null },
    },
    spec: {
      width: 320,
      height: 130,
      encoding: {
        x: {
          field: 'times',
          type: 'quantitative',
          scale: { type: 'log', base: 2 },
          title: 'size of the data / memory',
          axis: { values: [1, 2, 4, 8, 16], format: 'd' },
        },
        y: {
          field: 'microseconds',
          type: 'quantitative',
          scale: { type: 'log' },
          title: 'µs (logarithmic)',
          axis: { tickCount: 4, format: '~s' },
        },
        color: {
          field: 'engine',
          type: 'nominal',
          scale: { domain: engines, range: engines.map((engine) => colors[engine]) },
          legend: { title: null, orient: 'bottom', symbolType: 'stroke', symbolStrokeWidth: 3 },
        },
      },
      mark: { type: 'line', strokeWidth: 1.8, point: { size: 30 } },
    },
  })
}
