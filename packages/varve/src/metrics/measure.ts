import type { WatchedDatabase } from '../db/api.js'
import { metrics } from './catalog.js'
import type { Metric, Sample } from './metric.js'

/** A value of a metric. */
export interface Measurement extends Sample {
  readonly metric: Metric
}

/**
 * Every figure of a database, as of now. Takes some microseconds, and a fraction of one for each
 * table.
 *
 * @throws CLOSED
 */
export function measure(
  db: Pick<WatchedDatabase, 'stats' | 'levels' | 'keyspaces'>,
): Measurement[] {
  const figures = { stats: db.stats(), levels: db.levels(), keyspaces: db.keyspaces() }
  return metrics.flatMap((metric) => metric.read(figures).map((sample) => ({ metric, ...sample })))
}
