// The same reads by RocksDB's own benchmark, in C++: db_bench from the PATH, within a memory group.
import { execFileSync } from 'node:child_process'
import { diskBytes } from '../measure/process-figures.mjs'
import { bloomBitsPerKey, rangeLength, sizesFor, valueBytes } from './settings.mjs'

export function fillDbBench(plan) {
  const output = run(plan, 'filluniquerandom,compact', ['--batch_size=1000'])
  return {
    fillMicroseconds: microsecondsOf(output, 'filluniquerandom'),
    diskBytes: diskBytes(plan.directory),
  }
}

/** Its reads are synchronous, and it reports no bytes. */
export function readDbBench(plan) {
  const existing = ['--use_existing_db=1', `--duration=${Math.max(1, Math.round(plan.seconds))}`]
  const gets = run(plan, 'readrandom', existing)
  const ranges = run(plan, 'seekrandom', [...existing, `--seek_nexts=${rangeLength - 1}`])
  return {
    results: {
      'get, sync': { microseconds: microsecondsOf(gets, 'readrandom') },
      'range of 50': { microseconds: microsecondsOf(ranges, 'seekrandom') },
    },
  }
}

function run({ directory, records, memoryBytes, processesFile, round = 0 }, benchmarks, flags) {
  const { cacheBytes, writeBufferBytes } = sizesFor(memoryBytes)
  const settings = {
    benchmarks,
    db: directory,
    num: records,
    key_size: 16,
    value_size: valueBytes,
    threads: 1,
    write_buffer_size: writeBufferBytes,
    cache_size: cacheBytes,
    bloom_bits: bloomBitsPerKey,
    compression_ratio: 0.5,
    seed: 42 + round,
  }
  const all = [...Object.entries(settings).map(([name, value]) => `--${name}=${value}`), ...flags]
  // A shell joins the group and becomes the program.
  const join = processesFile === undefined ? '' : `echo $$ > ${processesFile}; `
  return execFileSync('sh', ['-c', `${join}exec db_bench "$@"`, 'sh', ...all], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
  })
}

function microsecondsOf(output, benchmark) {
  return Number(new RegExp(`^${benchmark}\\s*:\\s*([\\d.]+) micros`, 'm').exec(output)[1])
}
