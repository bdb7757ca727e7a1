import { theory } from '../../compaction/theory.mjs'
import { render, title } from '../drawing.mjs'

/** The same colours in every picture, distinct for the colour-blind too (Okabe and Ito). */
const modeColors = { inline: '#d55e00', thread: '#0072b2' }
const policyColors = {
  leveled: '#0072b2',
  sizeTiered: '#e69f00',
  lazyLeveled: '#009e73',
  adaptive: '#d55e00',
}

/** A tenth of a second without an operation is drawn as this many a second. */
const slowest = 100
/** Latencies below this are drawn as this, in milliseconds. */
const fastestMs = 0.01

const milliseconds = {
  type: 'quantitative',
  scale: { type: 'log', domainMin: fastestMs },
  title: 'milliseconds (logarithmic)',
  axis: { format: '~g', tickCount: 6 },
}
const seconds = { field: 's', type: 'quantitative', title: 'seconds' }

/** How long operations took as time went by: inline and on a thread, one above the other. */
export function drawLatencyOverTime({ runs }) {
  const kinds = {
    'slowest put or get': 'maxMs',
    median: 'p50Ms',
    'longest turn of the event loop': 'turnMs',
  }
  const values = paced(runs).flatMap(({ policy, mode, timeline }) =>
    timeline.flatMap((slot) =>
      Object.entries(kinds).map(([kind, field]) => ({
        policy,
        mode,
        kind,
        s: slot.ms / 1000,
        // Nothing ended in a slot that was blocked throughout: a gap.
        ms: slot[field] > 0 ? Math.max(slot[field], fastestMs) : null,
      })),
    ),
  )
  return render({
    title: title(
      'Latency over time: compaction on the calling thread and on a thread of its own',
      `In each tenth of a second, ${paceText(runs)}; ` +
        'counted from the moment an operation was due.',
    ),
    data: { values },
    facet: {
      row: { field: 'mode', sort: Object.keys(modeColors), title: null },
      column: { field: 'policy', sort: Object.keys(policyColors), title: null },
    },
    spec: {
      width: 270,
      height: 170,
      mark: { type: 'line', strokeWidth: 1 },
      encoding: {
        x: seconds,
        y: { field: 'ms', ...milliseconds },
        color: {
          field: 'kind',
          type: 'nominal',
          scale: { domain: Object.keys(kinds), range: ['#d55e00', '#555555', '#56b4e9'] },
          legend: stroke,
        },
      },
    },
  })
}

/** Latency against the share of operations that take longer. */
export function drawLatencyCurves({ runs }) {
  const smallestShare = 1e-5
  const values = paced(runs).flatMap(({ policy, mode, curve }) =>
    curve.map(([us, share]) => ({
      policy,
      mode,
      ms: us / 1000,
      above: Math.max(1 - share, smallestShare),
    })),
  )
  const shares = { 1: '0%', 0.1: '90%', 0.01: '99%', 0.001: '99.9%', 0.0001: '99.99%' }
  return render({
    title: title(
      'Latency of a put',
      `Share of puts that were at least as fast, ${paceText(runs)}.`,
    ),
    data: { values },
    facet: { column: { field: 'policy', sort: Object.keys(policyColors), title: null } },
    spec: {
      width: 270,
      height: 240,
      mark: { type: 'line', strokeWidth: 1.8, interpolate: 'step-after', clip: true },
      encoding: {
        x: { field: 'ms', ...milliseconds },
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
        color: modeColor,
        order: { field: 'ms' },
      },
    },
  })
}

/** Whether writes flow or stall when they come as fast as they can. */
export function drawThroughput({ runs }) {
  const slotsPerStep = 5
  const values = flatOut(runs).flatMap(({ policy, mode, timeline }) => {
    const steps = []
    for (let i = 0; i + slotsPerStep <= timeline.length; i += slotsPerStep) {
      const slots = timeline.slice(i, i + slotsPerStep)
      const count = slots.reduce((sum, { operations }) => sum + operations, 0)
      const perSecond = Math.max(slowest, (count * 1000) / (slotsPerStep * 100))
      steps.push({ policy, mode, s: slots[0].ms / 1000, perSecond })
    }
    return steps
  })
  return render({
    title: title('Throughput when writes come as fast as they can', 'Every half second.'),
    data: { values },
    facet: { column: { field: 'policy', sort: Object.keys(policyColors), title: null } },
    spec: {
      width: 270,
      height: 200,
      mark: { type: 'line', strokeWidth: 1.5, interpolate: 'step-after' },
      encoding: {
        x: seconds,
        y: {
          field: 'perSecond',
          type: 'quantitative',
          scale: { type: 'log' },
          title: 'operations per second (logarithmic)',
          axis: { format: '~s', tickCount: 5 },
        },
        color: modeColor,
      },
    },
  })
}

/** Policies side by side, and what theory says. */
export function drawAmplification({ runs, settings }) {
  const names = { write: 'write', space: 'space', runs: 'sorted runs that a get may meet' }
  const values = flatOut(runs)
    .filter(({ mode }) => mode === 'thread')
    .flatMap(({ policy, amplification, liveBytes, levels }) => {
      const expected = theory(policy, settings, liveBytes)
      const measured = { ...amplification, runs: levels.reduce((sum, { runs }) => sum + runs, 0) }
      return Object.entries(names).map(([name, panel]) => ({
        policy,
        panel,
        measured: measured[name],
        theory: expected?.[name] ?? null,
      }))
    })
  const x = {
    field: 'policy',
    type: 'nominal',
    sort: Object.keys(policyColors),
    title: null,
    axis: { labelAngle: 0 },
  }
  return render({
    title: title(
      'Amplification, measured and as theory has it',
      'Bars: measured after compaction settled. ' +
        `Marks: theory, size ratio ${settings.sizeRatio}; ` +
        'for tiered space, the worst case.',
    ),
    data: { values },
    facet: { column: { field: 'panel', sort: Object.values(names), title: null } },
    spec: {
      width: 240,
      height: 220,
      layer: [
        {
          mark: { type: 'bar', width: 36 },
          encoding: {
            x,
            y: { field: 'measured', type: 'quantitative', title: null },
            color: {
              field: 'policy',
              type: 'nominal',
              scale: { domain: Object.keys(policyColors), range: Object.values(policyColors) },
              legend: null,
            },
          },
        },
        {
          transform: [{ filter: 'isValid(datum.theory)' }],
          mark: { type: 'tick', color: '#222', thickness: 3, width: 52 },
          encoding: { x, y: { field: 'theory', type: 'quantitative' } },
        },
        {
          mark: { type: 'text', dy: -8, fontSize: 11 },
          encoding: {
            x,
            y: { field: 'measured', type: 'quantitative' },
            text: { field: 'measured', type: 'quantitative', format: '.2f' },
          },
        },
      ],
    },
    resolve: { scale: { y: 'independent' } },
  })
}

const stroke = {
  title: null,
  orient: 'bottom',
  symbolType: 'stroke',
  symbolStrokeWidth: 3,
  labelLimit: 300,
}

const modeColor = {
  field: 'mode',
  type: 'nominal',
  scale: { domain: Object.keys(modeColors), range: Object.values(modeColors) },
  legend: stroke,
}

function paced(runs) {
  return runs.filter(({ pace }) => pace === 'rate')
}

function flatOut(runs) {
  return runs.filter(({ pace }) => pace === 'flatOut')
}

function paceText(runs) {
  const rates = [...new Set(paced(runs).map(({ ratePerSecond }) => ratePerSecond))]
  return `${rates.map((rate) => rate.toLocaleString('en-US')).join(', ')} puts a second`
}
