// Counts, sizes, rates and times as people read them. Numbers use a fixed locale, so that output
// does not depend on the machine.
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

export function formatCount(count: number): string {
  return grouped.format(count)
}

/** `1 row`, `2 rows`. */
export function formatCounted(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`
}

export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes
  let unit = 0
  while (value >= 1023.95 && unit < byteUnits.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${byteUnits[unit]}`
}

/** The reverse, for what people type: `5000`, `5e6`, `64MiB`. Not a number for anything else. */
export function parseQuantity(text: string): number {
  const [, number, unit = 'B'] = /^(\d[\d.e_]*) ?([KMGTP]iB|B)?$/.exec(text) ?? []
  return Number(number?.replaceAll('_', '')) * 1024 ** byteUnits.indexOf(unit)
}

/** Bytes a second, in the decimal megabytes in which disks are sold. */
export function formatByteRate(sizeBytes: number, durationMs: number): string {
  return `${(sizeBytes / 1e6 / seconds(durationMs)).toFixed(1)} MB/s`
}

/** `135,233 records/s`. */
export function formatRate(count: number, durationMs: number, unit: string): string {
  return `${formatCount(count / seconds(durationMs))} ${unit}/s`
}

export function formatDuration(durationMs: number): string {
  if (durationMs < 1) return `${(durationMs * 1000).toFixed(0)} µs`
  if (durationMs < 100) return `${durationMs.toFixed(2)} ms`
  if (durationMs < 1000) return `${durationMs.toFixed(0)} ms`
  if (durationMs < 120_000) return `${(durationMs / 1000).toFixed(2)} s`
  return `${Math.floor(durationMs / 60_000)} min ${Math.floor((durationMs % 60_000) / 1000)} s`
}

export function formatRatio(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`
}

/** Never zero: the first records may arrive within the clock's resolution. */
function seconds(durationMs: number): number {
  return Math.max(durationMs, 0.001) / 1000
}
