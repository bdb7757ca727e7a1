import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { BatchObservableCallback, Meter, Observable } from '@opentelemetry/api'
import type { ChannelMessages, WatchedDatabase } from 'varve'
import { measure, type Metric, metrics } from 'varve/metrics'

/**
 * Gives every metric of `databases` to OpenTelemetry, at each collection, and a histogram of
 * commits' durations. Returns what ends it. Names of databases become the attribute `db.namespace`.
 */
export function instrument(
  meter: Meter,
  databases: Readonly<Record<string, WatchedDatabase>>,
): () => void {
  const instruments = new Map(metrics.map((metric) => [metric, instrumentFor(meter, metric)]))
  const observe: BatchObservableCallback = (result) => {
    for (const [name, db] of Object.entries(databases)) {
      for (const { metric, value, attributes } of measure(db)) {
        result.observe(instruments.get(metric)!, value, attributesOf(name, attributes))
      }
    }
  }
  meter.addBatchObservableCallback(observe, [...instruments.values()])

  const durations = meter.createHistogram('varve.commit.duration', {
    unit: 's',
    description: 'From the log to the moment at which reads see the writes',
    advice: { explicitBucketBoundaries: [1e-5, 1e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.1, 1] },
  })
  const names = new Map(Object.entries(databases).map(([name, { path }]) => [path, name]))
  const committed = (message: unknown): void => {
    const { database, synced, durationMs } = message as ChannelMessages['varve:commit']
    const name = names.get(database)
    if (name !== undefined) durations.record(durationMs / 1000, attributesOf(name, { synced }))
  }
  subscribe('varve:commit', committed)

  return () => {
    meter.removeBatchObservableCallback(observe, [...instruments.values()])
    unsubscribe('varve:commit', committed)
  }
}

function instrumentFor(meter: Meter, { name, kind, unit, description }: Metric): Observable {
  const options = { unit, description }
  if (kind === 'counter') return meter.createObservableCounter(name, options)
  if (kind === 'gauge') return meter.createObservableGauge(name, options)
  return meter.createObservableUpDownCounter(name, options)
}

function attributesOf<T extends object>(database: string, others: T): T & Record<string, string> {
  return { 'db.system.name': 'varve', 'db.namespace': database, ...others }
}
