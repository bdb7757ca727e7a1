// RocksDB's own benchmark, in C++ without any JavaScript: db_bench from the PATH (Debian:
// rocksdb-tools).
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { diskBytes } from '../measure/process-figures.mjs'
import { isWanted } from '../workloads/groups.mjs'
import { bloomBitsPerKey, cacheBytes, writeBufferBytes } from './driver.mjs'

const batched = ['--batch_size=1000']
const existing = ['--use_existing_db']
const walks = { readseq: ['readseq'], readreverse: ['readreverse'] }

/** Benchmark of db_bench → our workloads that do the same; its calls are all synchronous. */
const fillSteps = {
  fillseq: [step('fillseq', { fillseq: ['fillseq, await'] })],
  fillbatch: [step('fillrandom', { fillrandom: ['fillrandom, batches of 1,000'] }, batched)],
  fillrandom: [step('fillrandom', { fillrandom: ['fillrandom, await'] })],
  fillrandomsync: [step('fillrandom', { fillrandom: ['fillrandom, sync API'] })],
  fillsync: [step('fillsync', { fillsync: ['fillsync, await'] })],
  update: [
    step('filluniquerandom,overwrite,deleterandom', {
      overwrite: ['overwrite, await'],
      deleterandom: ['deleterandom, await'],
    }),
  ],
}

const readSteps = {
  loaded: [
    step('filluniquerandom,readrandom,readseq,readreverse', {
      readrandom: ['readrandom, sync API'],
      ...walks,
    }),
    seeks(50),
  ],
  read: [
    step('filluniquerandom,flush,compact', {}, batched),
    step('readseq,readreverse', walks, existing),
    step(
      'readrandom,readmissing',
      { readrandom: ['readrandom, sync API'], readmissing: ['readmissing, sync API'] },
      [...existing, '--reads=500000'],
    ),
    ...[1, 10, 50].map(seeks),
    step('fillrandom,flush,compact', {}, batched),
    step('readrandom', { readrandom: ['readrandom 37% absent, sync API'] }, [
      ...existing,
      '--reads=500000',
    ]),
  ],
}

/**
 * @returns {{ version: string, settings: string } | undefined} undefined when it is not installed
 */
export function probe() {
  const { error, stderr, stdout } = spawnSync('db_bench', ['--version'], { encoding: 'utf8' })
  if (error !== undefined) return undefined
  return {
    version: /version (\S+)/.exec(stdout + stderr)?.[1] ?? 'unknown',
    settings:
      'C++, no JavaScript; Snappy; its fills draw keys with replacement, its reads check no values',
  }
}

/** The same shape as a run of a driver; no results for groups that db_bench does not have. */
export function run(plan) {
  const steps = { ...fillSteps, ...readSteps }[plan.group.replace(/-(1k|16k)$/, '')]
  const results = {}
  mkdirSync(plan.directory, { recursive: true })
  for (const { benchmarks, workloads, flags } of steps ?? []) {
    const output = execute(plan, benchmarks, flags)
    for (const [, name, us] of output.matchAll(/^(\w+)\s*:\s*([\d.]+) micros\/op/gm)) {
      for (const workload of workloads[name] ?? []) {
        if (!isWanted(plan.group, workload, plan.only)) continue
        results[workload] = { microseconds: Number(us) }
      }
    }
  }
  return { results, resources: { diskBytes: diskBytes(plan.directory) } }
}

function execute(plan, benchmarks, flags) {
  const common = {
    db: plan.directory,
    num: plan.records,
    key_size: 16,
    value_size: plan.valueBytes,
    threads: 1,
    write_buffer_size: writeBufferBytes,
    cache_size: cacheBytes,
    bloom_bits: bloomBitsPerKey,
    compression_ratio: 0.5,
    seed: 42,
  }
  const settings = Object.entries(common).map(([name, value]) => `--${name}=${value}`)
  const { status, stdout, stderr } = spawnSync(
    'db_bench',
    [`--benchmarks=${benchmarks}`, ...settings, ...flags],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  if (status !== 0) throw new Error(`db_bench ${benchmarks}: ${stderr.trim().slice(-300)}`)
  return stdout
}

function step(benchmarks, workloads, flags = []) {
  return { benchmarks, workloads, flags }
}

function seeks(entries) {
  const workload = `seekrandom, ${entries} ${entries === 1 ? 'entry' : 'entries'}`
  // A seek shows its first entry; the others are steps after it.
  const flags = [...existing, '--reads=100000', `--seek_nexts=${entries - 1}`]
  return step('seekrandom', { seekrandom: [workload] }, flags)
}
