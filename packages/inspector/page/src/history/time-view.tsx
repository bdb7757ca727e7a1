import { useEffect, useState } from 'preact/hooks'
import type { HistoryStep } from '../../../src/protocol/answers.js'
import { formatCount, formatTime } from '../quantity.js'
import { useRoute } from '../shell/route.js'
import { TreeCanvas } from '../tree/tree-canvas.js'
import { TreeControls } from '../tree/tree-controls.js'
import { selectedTable, treeSettings } from '../tree/tree-settings.js'
import { editText } from './edit-text.js'
import { StrataChart } from './strata-chart.js'
import type { Timeline } from './timeline.js'
import { useTimeline } from './use-timeline.js'

const framesPerSecond = 12
/** The whole history plays in about this time. */
const playSeconds = 30

/** The tree after any version edit, back to the last open. */
export function TimeView() {
  const { timeline, version, failure } = useTimeline()
  if (failure !== undefined) {
    return (
      <p class="view failure" role="alert">
        The history cannot be read: {failure}
      </p>
    )
  }
  if (timeline === undefined || timeline.length === 0) {
    return <p class="view hint">The history of the tree starts with its first table.</p>
  }
  return <TimeMachine timeline={timeline} version={version} />
}

function TimeMachine({ timeline, version }: { timeline: Timeline; version: number }) {
  const [{ settings }, change] = useRoute()
  const { axis, shade } = treeSettings(settings)
  const last = timeline.length - 1
  const index = indexOf(timeline, settings.get('at')) ?? last
  const pinned = indexOf(timeline, settings.get('with'))
  const go = (to: number): void => {
    const clamped = Math.max(0, Math.min(last, to))
    change({ at: clamped === last ? undefined : nameOf(timeline, clamped) })
  }
  const [isPlaying, setPlaying] = usePlaying(index, last, go)
  const tree = (at: number, label: string) => (
    <div class="tree-frame">
      <TreeCanvas
        tables={timeline.at(at)}
        axis={axis}
        shade={shade}
        nowMs={Math.max(timeline.moments[at].edit.atMs, 1)}
        label={label}
        selected={selectedTable(settings)}
        onSelect={(fileNumber) => change({ table: fileNumber?.toString() })}
      />
    </div>
  )
  return (
    <div class="view">
      <h1 class="hidden">Time machine</h1>
      <div class="main">
        <section class="panel time-panel" aria-label="Time">
          <StrataChart timeline={timeline} version={version} index={index} />
          <input
            type="range"
            class="slider"
            min={0}
            max={last}
            value={index}
            aria-label="Version edit"
            aria-valuetext={momentText(timeline, index)}
            onInput={(event) => go(Number(event.currentTarget.value))}
          />
          <div class="time-line">
            <span class="buttons">
              <button type="button" onClick={() => go(index - 1)} aria-label="One edit back">
                ‹
              </button>
              <button
                type="button"
                class="primary"
                onClick={() => {
                  if (!isPlaying && index === last) go(0)
                  setPlaying(!isPlaying)
                }}
              >
                {isPlaying ? 'Pause' : 'Play'}
              </button>
              <button type="button" onClick={() => go(index + 1)} aria-label="One edit forward">
                ›
              </button>
            </span>
            <p class="moment">{momentText(timeline, index)}</p>
            <span class="buttons">
              <button
                type="button"
                onClick={() =>
                  change({ with: pinned === undefined ? nameOf(timeline, index) : undefined })
                }
              >
                {pinned === undefined ? 'Compare with this' : 'End comparison'}
              </button>
              <button type="button" disabled={index === last} onClick={() => go(last)}>
                Now
              </button>
            </span>
          </div>
        </section>
        <TreeControls axis={axis} shade={shade} onChange={change} />
        {pinned !== undefined && (
          <section class="compared">
            <h2>{momentText(timeline, pinned)}</h2>
            {tree(pinned, 'Compared tree')}
            <h2>{momentText(timeline, index)}</h2>
          </section>
        )}
        {tree(index, 'Tree at this moment')}
      </div>
    </div>
  )
}

function usePlaying(
  index: number,
  last: number,
  go: (index: number) => void,
): [boolean, (isPlaying: boolean) => void] {
  const [isPlaying, setPlaying] = useState(false)
  useEffect(() => {
    if (!isPlaying) return
    if (index >= last) {
      setPlaying(false)
      return
    }
    const step = Math.max(1, Math.round(last / (framesPerSecond * playSeconds)))
    const timer = setTimeout(() => go(index + step), 1000 / framesPerSecond)
    return () => clearTimeout(timer)
  }, [isPlaying, index, last])
  return [isPlaying, setPlaying]
}

function momentText(timeline: Timeline, index: number): string {
  const { edit } = timeline.moments[index]
  const before = index === 0 ? new Map() : timeline.at(index - 1)
  const time = (edit as Partial<HistoryStep>).timed === false ? '' : `${formatTime(edit.atMs)}, `
  return `${time}edit ${formatCount(index + 1)} of ${formatCount(timeline.length)}. ${editText(edit, before)}`
}

/** How the URL names a moment: by its offset in the MANIFEST, if it was read from there. */
function nameOf(timeline: Timeline, index: number): string {
  const { offset } = timeline.moments[index].edit as Partial<HistoryStep>
  return offset === undefined ? `edit-${index}` : String(offset)
}

function indexOf(timeline: Timeline, name: string | null): number | undefined {
  if (name === null) return undefined
  const number = /^edit-(\d+)$/.exec(name)?.[1]
  if (number !== undefined) return Math.min(Number(number), timeline.length - 1)
  const offset = Number(name)
  const index = timeline.moments.findIndex(
    ({ edit }) => (edit as Partial<HistoryStep>).offset === offset,
  )
  return index < 0 ? undefined : index
}
