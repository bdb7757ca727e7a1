// Pictures of a report, as SVG: Vega-Lite descriptions, drawn by Vega without a browser.
import { slotMs } from '../measure/meter.mjs'
import { colors, render, title } from './drawing.mjs'
import { baseline, enginesOf, summarize } from './summary.mjs'

/** What a reader should see first; the tables have the rest. Group and workload → title. */
const headlines = [
  ['fillbatch', 'fillrandom, batches of 1,000', 'fill, batches of 1,000'],
  ['fillrandom', 'fillrandom, await', 'fill, one by one'],
  ['fillconcurrent', 'fillrandom, 256 at once', 'fill, 256 at once'],
  ['fillsync', 'fillsync, await', 'fill, each synced'],
  ['update', 'overwrite, await', 'overwrite'],
  ['read', 'readrandom, await', 'get, await'],
  ['read', 'readrandom, sync API', 'get, sync'],
  ['read', 'readmissing, sync API', 'get absent, sync'],
  ['read', 'readseq', 'full scan'],
  ['read', 'seekrandom, 50 entries', 'range of 50'],
  ['ycsb', 'YCSB A', 'YCSB A'],
  ['ycsb', 'YCSB B', 'YCSB B'],
  ['ycsb-e', 'YCSB E', 'YCSB E'],
]

const latencyPanels = [
  ['fillrandom', 'fillrandom, await', 'put, one by one'],
  ['read', 'readrandom, await', 'get, await'],
  ['ycsb', 'YCSB A', 'YCSB A'],
]

const throughputPanels = [
  ['fillbatch', 'fillrandom, batches of 1,000', 'batches of 1,000'],
  ['fillrandom', 'fillrandom, await', 'one by one'],
]

/** As many steps as a panel can show distinctly. */
const maxSteps = 60

/** A step in which nothing was written is drawn as this many a second. */
const slowest = 100

/** Points of a curve that lie closer than this, in powers of ten, are one. */
const resolution = 0.015

/** Where the latency curves end: one operation in 100,000. */
const smallestShare = 1e-5

/** How many times longer than Varve each engine takes. */
export async function drawRatios(report) {
  const rows = summarize(report)
  const values = headlines.flatMap(([group, workload, title]) => {
    const row = rows.find((one) => one.group === group && one.workload === workload)
    return [...(row?.cells ?? [])]
      .filter(([, { ratio }]) => ratio !== undefined)
      .map(([engine, { ratio }]) => ({ title, engine, ...ratio, one: 1 }))
  })
  if (values.length === 0) return undefined
  const engines = enginesOf(report).filter((engine) => engine !== baseline)
  const x = { type: 'quantitative', scale: { type: 'log', nice: false } }
  const y = {
    field: 'title',
    type: 'nominal',
    sort: headlines.map(([, , text]) => text),
    title: null,
    scale: { paddingInner: 0.25, paddingOuter: 0.1 },
    axis: { labelFontSize: 12, labelLimit: 300, labelPadding: 8, ticks: false, domain: false },
  }
  const yOffset = { field: 'engine', sort: engines }
  const { rounds } = report.settings
  return render({
    title: title(
      'Time per operation, as a multiple of Varve’s',
      'Bars to the right: Varve is faster. ' +
        (rounds > 1
          ? `Medians of ${rounds} paired rounds; lines from the lowest to the highest.`
          : 'One round.'),
    ),
    data: { values },
    width: 620,
    height: { step: 9, for: 'offset' },
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          x: {
            ...x,
            field: 'one',
            title: 'times as long as Varve (logarithmic)',
            axis: { format: '~g', values: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500] },
          },
          x2: { field: 'median' },
          y,
          yOffset,
          color: colorOf(engines),
        },
      },
      {
        mark: { type: 'rule', color: '#222', strokeWidth: 1 },
        encoding: { x: { ...x, field: 'lowest' }, x2: { field: 'highest' }, y, yOffset },
      },
      {
        mark: { type: 'rule', color: colors.varve, strokeWidth: 1.5 },
        encoding: { x: { datum: 1 } },
      },
    ],
  })
}

/** Latency against the share of operations that take longer, so that the tail is to be seen. */
export async function drawLatencies(report) {
  const values = panelValues(report, latencyPanels, ({ curve }) =>
    thinned(curve.map(([us, share]) => ({ us, above: Math.max(1 - share, smallestShare) }))),
  )
  if (values.length === 0) return undefined
  const shares = { 1: '0%', 0.1: '90%', 0.01: '99%', 0.001: '99.9%', 0.0001: '99.99%' }
  return render({
    title: title('Latency', 'Share of operations that were at least as fast; the last round.'),
    data: { values },
    facet: panels(latencyPanels),
    spec: {
      width: 280,
      height: 260,
      mark: { type: 'line', strokeWidth: 1.8, interpolate: 'step-after', clip: true },
      encoding: {
        x: {
          field: 'us',
          type: 'quantitative',
          scale: { type: 'log' },
          title: 'microseconds (logarithmic)',
          axis: { format: ',~g', tickCount: 6 },
        },
        y: {
          field: 'above',
          type: 'quantitative',
          scale: { type: 'log', domain: [smallestShare, 1], reverse: true },
          title: null,
          axis: {
            values: Object.keys(shares).map(Number),
            labelExpr: `${JSON.stringify(shares)}[datum.value]`,
          },
        },
        color: lineColorOf(enginesIn(values, report)),
        order: { field: 'us' },
      },
    },
    resolve: { scale: { x: 'independent' } },
  })
}

/** Whether the writes flow or stall. */
export async function drawThroughput(report) {
  const values = panelValues(report, throughputPanels, ({ perSlot }) => flow(perSlot))
  if (values.length === 0) return undefined
  return render({
    title: title('Writes per second while the database grows', 'The last round.'),
    data: { values },
    facet: panels(throughputPanels),
    spec: {
      width: 430,
      height: 260,
      mark: { type: 'line', strokeWidth: 1.5, interpolate: 'step-before' },
      encoding: {
        x: {
          field: 'written',
          type: 'quantitative',
          title: 'records written',
          axis: { format: '~s' },
        },
        y: {
          field: 'perSecond',
          type: 'quantitative',
          scale: { type: 'log' },
          title: 'writes per second (logarithmic)',
          axis: { format: '~s', tickCount: 5 },
        },
        color: lineColorOf(enginesIn(values, report)),
      },
    },
  })
}

/** Drops what would not be seen; keeps both ends. */
function thinned(points) {
  const kept = points.slice(0, 1)
  for (const point of points.slice(1, -1)) {
    const { us, above } = kept.at(-1)
    const distance = Math.abs(Math.log10(point.us / us)) + Math.abs(Math.log10(point.above / above))
    if (distance > resolution) kept.push(point)
  }
  return points.length > 1 ? [...kept, points.at(-1)] : kept
}

/** Slots drawn together to steps: the speed up to each number of records written. */
function flow(perSlot) {
  const slotsPerStep = Math.ceil(perSlot.length / maxSteps)
  const steps = []
  let written = 0
  // The last slot is a part of one.
  for (let slot = 0; slot + slotsPerStep < perSlot.length; slot += slotsPerStep) {
    const count = perSlot.slice(slot, slot + slotsPerStep).reduce((sum, one) => sum + one, 0)
    const perSecond = Math.max(slowest, (count * 1000) / (slotsPerStep * slotMs))
    // A line needs a beginning.
    if (steps.length === 0) steps.push({ written: 0, perSecond })
    steps.push({ written: (written += count), perSecond })
  }
  return steps
}

/** The points of each engine's last run of each panel's workload. */
function panelValues(report, wanted, points) {
  return wanted.flatMap(([group, workload, panel]) =>
    enginesOf(report).flatMap((engine) => {
      const run = report.runs.findLast((one) => one.group === group && one.engine === engine)
      const figures = run?.results[workload]
      if (figures?.curve === undefined) return []
      return points(figures).map((point) => ({ panel, engine, ...point }))
    }),
  )
}

function enginesIn(values, report) {
  return enginesOf(report).filter((name) => values.some(({ engine }) => engine === name))
}

function panels(wanted) {
  const sort = wanted.map(([, , text]) => text)
  return { column: { field: 'panel', sort, title: null, header: { labelFontSize: 13 } } }
}

function colorOf(engines) {
  const scale = { domain: engines, range: engines.map((engine) => colors[engine]) }
  return { field: 'engine', type: 'nominal', scale, legend: { title: null, orient: 'bottom' } }
}

function lineColorOf(engines) {
  const color = colorOf(engines)
  return { ...color, legend: { ...color.legend, symbolType: 'stroke', symbolStrokeWidth: 3 } }
}
