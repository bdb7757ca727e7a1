// Pictures of a report, as SVG: Vega-Lite descriptions, drawn by Vega without a browser.
import { parse, View } from 'vega'
import { compile } from 'vega-lite'
import { baseline, enginesOf, summarize } from './summary.mjs'

/** The same colour for an engine in every picture: distinct for the colour-blind too (Okabe and Ito). */
const colors = {
  varve: '#d55e00',
  'classic-level': '#0072b2',
  rocksdb: '#009e73',
  'rocksdb-native': '#56b4e9',
  lmdb: '#cc79a7',
  'better-sqlite3': '#e69f00',
  db_bench: '#555555',
}

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

const slotSeconds = 0.1

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
    field: 'engine',
    type: 'nominal',
    sort: engines,
    axis: null,
    scale: { domain: engines },
  }
  return render({
    title: title(
      'Time per operation, as a multiple of Varve’s',
      `Bars to the right: Varve is faster. Median of ${report.settings.rounds} paired rounds; lines from` +
        ' the lowest to the highest.',
    ),
    data: { values },
    facet: {
      row: {
        field: 'title',
        sort: headlines.map(([, , text]) => text),
        title: null,
        header: { labelAngle: 0, labelAlign: 'left', labelFontSize: 12, labelPadding: 6 },
      },
    },
    spacing: 8,
    spec: {
      width: 560,
      height: { step: 9 },
      layer: [
        {
          mark: { type: 'bar', height: 8 },
          encoding: {
            x: {
              ...x,
              field: 'one',
              title: 'times as long as Varve (logarithmic)',
              axis: { format: '~g', values: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500] },
            },
            x2: { field: 'median' },
            y,
            color: colorOf(engines),
          },
        },
        {
          mark: { type: 'rule', color: '#222', strokeWidth: 1 },
          encoding: { x: { ...x, field: 'lowest' }, x2: { field: 'highest' }, y },
        },
        {
          mark: { type: 'rule', color: colors.varve, strokeWidth: 1.5 },
          encoding: { x: { ...x, field: 'one' } },
        },
      ],
    },
  })
}

/** Latency against the share of operations that take longer, so that the tail is to be seen. */
export async function drawLatencies(report) {
  const values = panelValues(report, latencyPanels, ({ curve }) => {
    const smallestShare = 1 / 1e5
    return curve.map(([us, share]) => ({ us, above: Math.max(1 - share, smallestShare) }))
  })
  if (values.length === 0) return undefined
  const names = "{'1': 'all', '0.1': '90%', '0.01': '99%', '0.001': '99.9%', '0.0001': '99.99%'}"
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
          axis: { format: '~s', tickCount: 6 },
        },
        y: {
          field: 'above',
          type: 'quantitative',
          scale: { type: 'log', domain: [1 / 1e5, 1], reverse: true },
          title: null,
          axis: {
            values: [1, 0.1, 0.01, 0.001, 0.0001],
            labelExpr: `${names}[datum.value] || ''`.replace("'all'", "'0%'"),
          },
        },
        color: colorOf(enginesOf(report)),
        order: { field: 'us' },
      },
    },
    resolve: { scale: { x: 'independent' } },
  })
}

/** Whether the writes flow or stall. */
export async function drawThroughput(report) {
  const values = panelValues(report, throughputPanels, ({ perSlot }) => {
    // The last slot is a part of one.
    return perSlot
      .slice(0, -1)
      .map((count, slot) => ({ second: slot * slotSeconds, perSecond: count / slotSeconds }))
  })
  if (values.length === 0) return undefined
  return render({
    title: title('Writes per second over time', 'In steps of 0.1 s; the last round.'),
    data: { values },
    facet: panels(throughputPanels),
    spec: {
      width: 430,
      height: 260,
      mark: { type: 'line', strokeWidth: 1.5, point: { size: 12 } },
      encoding: {
        x: { field: 'second', type: 'quantitative', title: 'seconds' },
        y: {
          field: 'perSecond',
          type: 'quantitative',
          scale: { type: 'symlog', constant: 1000 },
          title: 'writes per second',
          axis: { format: '~s', values: [0, 1e3, 1e4, 3e4, 1e5, 3e5, 1e6, 3e6] },
        },
        color: colorOf(enginesOf(report)),
      },
    },
    resolve: { scale: { x: 'independent' } },
  })
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

function panels(wanted) {
  const sort = wanted.map(([, , text]) => text)
  return { column: { field: 'panel', sort, title: null, header: { labelFontSize: 13 } } }
}

function colorOf(engines) {
  const scale = { domain: engines, range: engines.map((engine) => colors[engine]) }
  return { field: 'engine', type: 'nominal', scale, legend: { title: null, orient: 'bottom' } }
}

function title(text, subtitle) {
  return { text, subtitle, anchor: 'start', fontSize: 16, subtitlePadding: 4, offset: 14 }
}

async function render(spec) {
  const { spec: compiled } = compile({
    ...spec,
    background: 'white',
    padding: 16,
    config: {
      font: 'Helvetica, Arial, sans-serif',
      axis: {
        labelFontSize: 11,
        titleFontSize: 11,
        gridColor: '#e8e8e8',
        titleFontWeight: 'normal',
      },
      legend: { labelFontSize: 12, symbolType: 'square', columns: 7 },
      view: { stroke: '#ccc' },
    },
  })
  const view = new View(parse(compiled), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return svg
}
