import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes handed to write calls by all threads since the process began; undefined off Linux. */
export function writtenBytes() {
  try {
    return Number(/wchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))[1])
  } catch {
    return undefined
  }
}

/** User and system time of all threads since the process began. */
export function cpuSeconds() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

export function peakRssBytes() {
  return process.resourceUsage().maxRSS * 1024
}

/** What a directory takes on the disk, holes not counted. */
export function diskBytes(directory) {
  return readdirSync(directory, { recursive: true })
    .map((name) => statSync(join(directory, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.blocks * 512 : 0), 0)
}
