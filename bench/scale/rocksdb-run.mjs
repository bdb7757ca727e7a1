// The same fill by RocksDB's own benchmark, in C++: db_bench from the PATH (Debian: rocksdb-tools).
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSecondsOf, diskBytes, peakRssBytes, writtenBytes } from '../measure/process-figures.mjs'
import { recordBytes, valueBytes } from './numbered-records.mjs'
import { bloomBitsPerKey, cacheBytes, writeBufferBytes } from './settings.mjs'

const pollMs = 10

/** Bytes that are more than the program's own log of what it does. */
const workBytes = 64 * 1024

/** Its list of shuffled keys, which is not the engine's. */
const generatorBytesPerRecord = 8

/** @returns figures named as those of a fill of Varve */
export async function fillRocksDb({ directory, records, recordsPerWrite }) {
  const child = spawn('db_bench', flags(directory, records, recordsPerWrite), {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const ended = once(child, 'exit')
  const { figures, workEndMs } = await watch(child)
  const [status] = await ended
  if (status !== 0) throw new Error(`db_bench: ${output.slice(-300)}`)
  const fillMicroseconds = Number(/filluniquerandom\s*:\s*([\d.]+) micros/.exec(output)[1])
  return {
    fillMicroseconds,
    // Making the list of keys comes before the first write, and is counted by db_bench, too.
    microseconds: Math.max(fillMicroseconds, (workEndMs * 1000) / records),
    cpuSeconds: figures.cpuSeconds,
    writeAmplification: figures.writtenBytes / (records * recordBytes),
    latency: latencyFigures(output),
    stalls: { count: Number(/interval (\d+) total count/.exec(output)?.[1] ?? 0) },
    levels: levelShape(output),
    diskBytes: diskBytes(directory),
    peakRssBytes: figures.peakRssBytes - records * generatorBytesPerRecord,
  }
}

export const rocksDbSettings =
  'db_bench, C++ without JavaScript; one writer, two background jobs (default); filluniquerandom,' +
  ' then waitforcompaction, without its fixed five seconds of sleep; Debian builds it' +
  ' with assertions'

function flags(directory, records, recordsPerWrite) {
  const settings = {
    benchmarks: 'filluniquerandom,waitforcompaction,levelstats,stats',
    db: directory,
    num: records,
    batch_size: recordsPerWrite,
    key_size: 16,
    value_size: valueBytes,
    threads: 1,
    write_buffer_size: writeBufferBytes,
    cache_size: cacheBytes,
    bloom_bits: bloomBitsPerKey,
    compression_type: 'none',
    compression_ratio: 0.5,
    disable_wal: 0,
    sync: 0,
    histogram: 1,
    seed: 42,
  }
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
}

/**
 * Looks at the process from outside until it ends; the work has ended with the last bytes written.
 */
async function watch(child) {
  const start = performance.now()
  let workEndMs = 0
  let figures = { cpuSeconds: 0, writtenBytes: 0, peakRssBytes: 0 }
  let seenBytes = 0
  while (child.exitCode === null && child.signalCode === null) {
    const now = {
      cpuSeconds: cpuSecondsOf(child.pid),
      writtenBytes: writtenBytes(child.pid),
      peakRssBytes: peakRssBytes(child.pid),
    }
    // A process that has ended reports nothing any more.
    if (now.peakRssBytes !== undefined && now.writtenBytes !== undefined) figures = now
    if (figures.writtenBytes - seenBytes > workBytes) {
      seenBytes = figures.writtenBytes
      workEndMs = performance.now() - start
    }
    await sleep(pollMs)
  }
  return { figures, workEndMs }
}

/** Microseconds; of the fill, the first histogram. */
function latencyFigures(output) {
  const percentile = (name) => Number(new RegExp(`${name}: ([\\d.]+)`).exec(output)?.[1])
  const max = Number(/Max: ([\d.]+)/.exec(output)?.[1])
  return { p50: percentile('P50'), p99: percentile('P99'), p999: percentile('P99\\.9'), max }
}

function levelShape(output) {
  const table = /Level Files Size\(MB\)\n-+\n((?:\s+\d+\s+\d+\s+\d+\n)+)/.exec(output)?.[1] ?? ''
  return [...table.matchAll(/(\d+)\s+(\d+)\s+(\d+)\n/g)]
    .map(([, level, tables, megabytes]) => ({
      level: Number(level),
      tables: Number(tables),
      sizeBytes: Number(megabytes) * 1024 * 1024,
    }))
    .filter(({ tables }) => tables > 0)
}
