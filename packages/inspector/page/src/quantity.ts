const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** Such as `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? Math.round(value) : shortNumber(value)} ${units[unit]}`
}

/** Such as `12,345`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Such as `1.2 k` or `3.4 M`. */
export function formatShort(count: number): string {
  if (count < 1000) return shortNumber(count)
  if (count < 1e6) return `${shortNumber(count / 1e3)} k`
  if (count < 1e9) return `${shortNumber(count / 1e6)} M`
  return `${shortNumber(count / 1e9)} G`
}

/** Such as `12 µs`, `3.4 ms` or `2 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1) return `${shortNumber(ms * 1000)} µs`
  if (ms < 1000) return `${shortNumber(ms)} ms`
  if (ms < 60_000) return `${shortNumber(ms / 1000)} s`
  if (ms < 3_600_000) return `${shortNumber(ms / 60_000)} min`
  if (ms < 86_400_000) return `${shortNumber(ms / 3_600_000)} h`
  return `${shortNumber(ms / 86_400_000)} d`
}

/** A number and its noun. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** Such as `12.5%`. */
export function formatShare(share: number): string {
  return `${shortNumber(share * 100)}%`
}

export function formatTime(ms: number): string {
  return ms === 0 ? 'unknown time' : new Date(ms).toLocaleTimeString('en-GB')
}

function shortNumber(value: number): string {
  if (value >= 100 || Number.isInteger(value)) return String(Math.round(value))
  return value >= 10 ? value.toFixed(1) : value.toFixed(2).replace(/0$/, '')
}
