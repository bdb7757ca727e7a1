import { useMemo } from 'preact/hooks'
import { formatBytes, formatDuration, formatShare, formatShort } from '../quantity.js'
import { useLiveState } from '../shell/use-source.js'
import { Chart, type Line } from './chart.js'
import { type Figure, rates, shares, times, values } from './figures.js'
import { HeatMap } from './heat-map.js'
import { questionsFor } from './questions.js'

const colors = ['--series-1', '--series-2', '--series-3', '--series-4']

/** What an operator looks at. */
export function WallView() {
  const { samples, hello } = useLiveState()
  const questions = useMemo(() => questionsFor(samples), [samples])
  const axis = useMemo(() => times(samples), [samples])
  const rate = (figures: Readonly<Record<string, Figure>>): Line[] =>
    lines(figures, (figure) => rates(samples, figure))
  const value = (figures: Readonly<Record<string, Figure>>): Line[] =>
    lines(figures, (figure) => values(samples, figure))
  const bytesPerSecond = (bytes: number): string => `${formatBytes(bytes)}/s`
  return (
    <div class="view">
      <h1 class="hidden">Operator's wall</h1>
      <div class="main">
        {hello?.follows === true && (
          <p class="lied">
            This page reads the files beside the process that owns the database. Counters of writes,
            reads, cache and memory are those of this page's own process. Call{' '}
            <code>inspector(db)</code> in the owner to see its counters.
          </p>
        )}
        <section class="questions" aria-label="Questions">
          {questions.map(({ question, state, answer, advice }) => (
            <article key={question} class={`question question-${state}`}>
              <h2>{question}</h2>
              <p class="answer-text">{answer}</p>
              {advice !== undefined && <p class="advice">{advice}</p>}
            </article>
          ))}
        </section>
        <div class="charts">
          <Chart
            title="Operations"
            unit="per second"
            times={axis}
            lines={rate({
              writes: ({ stats }) => stats.operations.writes,
              gets: ({ stats }) => stats.operations.gets,
              'scanned entries': ({ stats }) => stats.operations.scannedEntries,
            })}
            format={formatShort}
          />
          <HeatMap samples={samples} />
          <Chart
            title="Bytes written"
            times={axis}
            lines={rate({
              user: ({ stats }) => stats.bytes.user,
              log: ({ stats }) => stats.bytes.log,
              flush: ({ stats }) => stats.bytes.flush,
              compaction: ({ stats }) => stats.bytes.compaction,
            })}
            format={bytesPerSecond}
            isBytes
          />
          <Chart
            title="Time held back"
            unit="ms of each second, by cause"
            times={axis}
            lines={rate({
              memtables: ({ stats }) => stats.stalls.byCause.memtables.timeMs,
              'level 0': ({ stats }) => stats.stalls.byCause.level0.timeMs,
              debt: ({ stats }) => stats.stalls.byCause.debt.timeMs,
            })}
            format={(ms) => formatDuration(ms)}
          />
          <Chart
            title="Compaction debt"
            times={axis}
            lines={value({ debt: ({ stats }) => stats.compactions.debtBytes })}
            format={formatBytes}
            isBytes
          />
          <Chart
            title="Memory"
            times={axis}
            lines={value({
              memtables: ({ stats }) => stats.memory.memtables,
              cache: ({ stats }) => stats.memory.cache,
              'filters and indexes': ({ stats }) => stats.memory.tables,
            })}
            format={formatBytes}
            isBytes
          />
          <Chart
            title="Hit rates"
            unit="cache; absent keys that filters exclude"
            times={axis}
            lines={[
              {
                name: 'cache',
                color: colors[0],
                values: shares(
                  samples,
                  ({ stats }) => stats.cache.hits,
                  ({ stats }) => stats.cache.misses,
                ),
              },
              {
                name: 'filters',
                color: colors[1],
                values: shares(
                  samples,
                  ({ stats }) => stats.filters.useful,
                  ({ stats }) => stats.filters.falsePositives,
                ),
              },
            ]}
            format={formatShare}
          />
          <Chart
            title="Event-loop delay"
            times={axis}
            lines={value({
              longest: ({ loopDelayMs }) => loopDelayMs.max,
              mean: ({ loopDelayMs }) => loopDelayMs.mean,
            })}
            format={formatDuration}
          />
        </div>
      </div>
    </div>
  )
}

function lines(
  figures: Readonly<Record<string, Figure>>,
  valuesOf: (figure: Figure) => number[],
): Line[] {
  return Object.entries(figures).map(([name, figure], index) => ({
    name,
    color: colors[index],
    values: valuesOf(figure),
  }))
}
