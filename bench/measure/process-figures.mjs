import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes that a process handed to write calls since it began; undefined off Linux. */
export function writtenBytes(pid = 'self') {
  try {
    return Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))[1])
  } catch {
    return undefined
  }
}

/** User and system time of all threads since this process began. */
export function cpuSeconds() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** User and system time of one thread (`12/task/12`) or process; undefined off Linux. */
export function cpuSecondsOf(pid) {
  try {
    // After the name, which may hold anything: fields 14 and 15, in hundredths of a second.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return undefined
  }
}

/** Time that the main thread was ready to run and no processor was free for it; 0 off Linux. */
export function runQueueSeconds() {
  try {
    const text = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8')
    return Number(text.split(' ')[1]) / 1e9
  } catch {
    return 0
  }
}

/**
 * Since the process runs its present program; the system's own figure counts what it was forked
 * from.
 */
export function peakRssBytes(pid = 'self') {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
  } catch {
    return pid === 'self' ? process.resourceUsage().maxRSS * 1024 : undefined
  }
}

/** What a directory takes on the disk, holes not counted. */
export function diskBytes(directory) {
  return readdirSync(directory, { recursive: true })
    .map((name) => statSync(join(directory, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.blocks * 512 : 0), 0)
}
