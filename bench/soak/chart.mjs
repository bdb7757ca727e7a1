import { render, title } from '../report/drawing.mjs'
import { lines } from './lines.mjs'

/** All lines over time, one below the other, as SVG. */
export function drawSoak(samples, about) {
  const values = Object.entries(lines).flatMap(([name, { title: panel }]) =>
    samples.map((sample) => ({ panel, minutes: sample.seconds / 60, figure: sample[name] })),
  )
  const header = { labelAngle: 0, labelAlign: 'left', labelOrient: 'top' }
  const panels = Object.values(lines).map((line) => line.title)
  return render({
    title: title('A soak: what should stay where it is', about),
    data: { values },
    facet: { row: { field: 'panel', sort: panels, title: null, header } },
    spec: {
      width: 620,
      height: 70,
      mark: { type: 'line', strokeWidth: 1.2 },
      encoding: {
        x: { field: 'minutes', type: 'quantitative', title: 'minutes' },
        y: { field: 'figure', type: 'quantitative', title: null, scale: { zero: true } },
      },
    },
    resolve: { scale: { y: 'independent' } },
  })
}
