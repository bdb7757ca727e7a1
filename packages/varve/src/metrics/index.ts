/**
 * The figures of a database for monitoring: as text for Prometheus, and as a list from which
 * instruments of OpenTelemetry are made.
 *
 * @module varve/metrics
 */
export { metrics } from './catalog.js'
export { measure, type Measurement } from './measure.js'
export type { Figures, KeyspaceFigures, Metric, Sample } from './metric.js'
export { prometheusContentType, prometheusName, prometheusText } from './prometheus-text.js'
