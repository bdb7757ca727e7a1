import { mixes, mixPolicies } from '../../compaction/mixes.mjs'
import { render, title } from '../drawing.mjs'
import { medianRun } from './mixes-markdown.mjs'

/** As in the other pictures of policies. */
const policyColors = {
  leveled: '#0072b2',
  lazyLeveled: '#009e73',
  sizeTiered: '#e69f00',
  adaptive: '#d55e00',
}
const color = {
  field: 'policy',
  type: 'nominal',
  scale: { domain: Object.keys(policyColors), range: Object.values(policyColors) },
}

/** Each policy's speed as a share of the best one that stays the same, mix by mix. */
export function drawMixes({ mixRuns }) {
  const values = Object.keys(mixes).flatMap((mix) => {
    const medians = mixPolicies.map((policy) => medianRun(mixRuns, mix, policy))
    const measured = medians.filter((run) => run !== undefined)
    const fixed = measured.filter(({ policy }) => policy !== 'adaptive')
    const best = Math.min(...fixed.map(({ seconds }) => seconds))
    return measured.map(({ policy, seconds }) => ({ mix, policy, share: best / seconds }))
  })
  const y = { field: 'share', type: 'quantitative', title: null, axis: { format: '%' } }
  const x = {
    field: 'policy',
    type: 'nominal',
    sort: mixPolicies,
    title: null,
    axis: { labels: false, ticks: false },
  }
  return render({
    title: title(
      'Policies under different uses',
      'Operations a second, as a share of what the best policy that stays the same reaches.',
    ),
    data: { values },
    facet: { column: { field: 'mix', sort: Object.keys(mixes), title: null } },
    spec: {
      width: 150,
      height: 220,
      layer: [
        {
          mark: { type: 'bar', width: 28 },
          encoding: { x, y, color: { ...color, legend: { title: null, orient: 'bottom' } } },
        },
        {
          mark: { type: 'text', dy: -8, fontSize: 10 },
          encoding: { x, y, text: { field: 'share', type: 'quantitative', format: '.0%' } },
        },
      ],
    },
  })
}

/** Operations over time under the mix that changes, with what adaptive did. */
export function drawChanging({ mixRuns }) {
  const medians = mixPolicies.map((policy) => medianRun(mixRuns, 'changing', policy))
  const measured = medians.filter((run) => run !== undefined)
  const slotsPerStep = 5
  const values = measured.flatMap(({ policy, slots, slotMs }) => {
    const steps = []
    for (let i = 0; i + slotsPerStep <= slots.length; i += slotsPerStep) {
      const count = slots.slice(i, i + slotsPerStep).reduce((sum, one) => sum + (one ?? 0), 0)
      const s = (i * slotMs) / 1000
      steps.push({ policy, s, perSecond: Math.max(1, (1000 * count) / (slotsPerStep * slotMs)) })
    }
    return steps
  })
  const changes = measured.flatMap(({ changes }) => changes.filter(({ s }) => s > 0))
  return render({
    title: title(
      'Writes, then scans',
      'Operations a second, until all operations are done. Dashed: adaptive changes its policy.',
    ),
    layer: [
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 1.8, interpolate: 'step-after' },
        encoding: {
          x: { field: 's', type: 'quantitative', title: 'seconds' },
          y: {
            field: 'perSecond',
            type: 'quantitative',
            scale: { type: 'log' },
            title: 'operations per second (logarithmic)',
            axis: { format: '~s', tickCount: 5 },
          },
          color: { ...color, legend: { title: null, orient: 'bottom', symbolType: 'stroke' } },
        },
      },
      {
        data: { values: changes },
        mark: { type: 'rule', strokeDash: [4, 4], color: policyColors.adaptive },
        encoding: { x: { field: 's', type: 'quantitative' } },
      },
      {
        data: { values: changes },
        mark: { type: 'text', align: 'left', dx: 4, y: 10, color: policyColors.adaptive },
        encoding: { x: { field: 's', type: 'quantitative' }, text: { field: 'to' } },
      },
    ],
    width: 800,
    height: 260,
  })
}
