import type { WatchedDatabase } from '../db/api.js'
import { metrics } from './catalog.js'
import { measure, type Measurement } from './measure.js'
import type { Metric } from './metric.js'

/**
 * All metrics of databases as the text that Prometheus scrapes, exposition format 0.0.4:
 *
 *     # HELP varve_disk_written_bytes_total Written to files
 *     # TYPE varve_disk_written_bytes_total counter
 *     varve_disk_written_bytes_total{database="orders",purpose="log"} 4096
 *
 * Each database comes with the name that its label `database` has. What prom-client prints can
 * stand before or after it.
 *
 * ```ts
 * response.setHeader('content-type', prometheusContentType)
 * response.end(prometheusText({ orders, users }))
 * ```
 *
 * @throws CLOSED
 */
export function prometheusText(
  databases: Readonly<Record<string, Pick<WatchedDatabase, 'stats' | 'levels' | 'keyspaces'>>>,
): string {
  const measured = Object.entries(databases).map(([name, db]) => ({ name, values: measure(db) }))
  if (measured.length === 0) return ''
  let text = ''
  for (const metric of metrics) {
    const name = prometheusName(metric)
    const type = metric.kind === 'counter' ? 'counter' : 'gauge'
    text += `# HELP ${name} ${escapeHelp(metric.description)}\n# TYPE ${name} ${type}\n`
    for (const database of measured) {
      const values = database.values.filter((value) => value.metric === metric)
      for (const value of values) text += sampleLine(name, database.name, value)
    }
  }
  return text
}

/** What an HTTP answer with `prometheusText` says of itself. */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'

/** The words that units become at the end of a name; counted things become none. */
const unitWords: Readonly<Record<string, string>> = { By: 'bytes', s: 'seconds', '1': 'ratio' }

/**
 * The name in Prometheus, as OpenTelemetry's own exporters would make it: `varve.disk.written` in
 * bytes is `varve_disk_written_bytes_total`.
 */
export function prometheusName({ name, kind, unit }: Metric): string {
  const words = name.split('.')
  if (unit in unitWords) words.push(unitWords[unit])
  if (kind === 'counter') words.push('total')
  return words.join('_')
}

function sampleLine(name: string, database: string, { value, attributes }: Measurement): string {
  const labels = Object.entries({ database, ...attributes })
  const text = labels.map(([label, content]) => `${label}="${escapeLabel(content)}"`).join(',')
  return `${name}{${text}} ${numberText(value)}\n`
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"')
}
