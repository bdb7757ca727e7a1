import {
  fillAwaited,
  fillBatches,
  fillConcurrent,
  fillDurable,
  fillSequential,
  fillSync,
  overwriteAndDelete,
} from './fills.mjs'
import { reads, readsAfterLoad, readWhileWriting } from './reads.mjs'
import { ycsb, ycsbScans } from './ycsb.mjs'

/**
 * Workloads that share a process and a database.
 *
 * @typedef {object} Group
 * @property {string} name
 * @property {string} section  of the report
 * @property {string[]} workloads  what it measures, in this order
 * @property {(session: import('./session.mjs').Session) => Promise<void>} run
 * @property {number} valueBytes
 * @property {number} share  part of --records that it works on: fewer of larger values
 * @property {boolean} [durable]
 */

const pointReads = (name) => [`${name}, await`, `${name}, sync API`]

const readWorkloads = [
  ...pointReads('readrandom'),
  ...pointReads('readmissing'),
  ...pointReads('readrandom 37% absent'),
  ...pointReads('readhot'),
  'readseq',
  'readreverse',
  'seekrandom, 1 entry',
  'seekrandom, 10 entries',
  'seekrandom, 50 entries',
]

/** @type {Group[]} */
export const groups = [
  ...sized('Writes', 100, 1, [
    ['fillseq', ['fillseq, await'], fillSequential],
    ['fillbatch', ['fillrandom, batches of 1,000'], fillBatches],
    ['fillrandom', ['fillrandom, await'], fillAwaited],
    ['fillrandomsync', ['fillrandom, sync API'], fillSync],
    ['fillconcurrent', ['fillrandom, 256 at once'], fillConcurrent],
    ['fillsync', ['fillsync, await'], fillDurable, { durable: true }],
    ['update', ['overwrite, await', 'deleterandom, await'], overwriteAndDelete],
  ]),
  ...sized('Reads straight after the load', 100, 1, [
    [
      'loaded',
      [...pointReads('readrandom'), 'readseq', 'readreverse', 'seekrandom, 50 entries'],
      readsAfterLoad,
    ],
  ]),
  ...sized('Reads from compacted files', 100, 1, [['read', readWorkloads, reads]]),
  ...sized('Reads beside writes', 100, 1, [
    ['readwhilewriting', ['readwhilewriting, await'], readWhileWriting],
  ]),
  ...sized('YCSB, values of 1 KB', 1000, 2 / 5, [
    ['ycsb', ['YCSB A', 'YCSB B', 'YCSB C', 'YCSB F', 'YCSB D'], ycsb],
    ['ycsb-e', ['YCSB E'], ycsbScans],
  ]),
  ...sized('Values of 1 KB', 1000, 1 / 5, [
    ['fillbatch-1k', ['fillrandom, batches of 1,000'], fillBatches],
    ['fillrandom-1k', ['fillrandom, await'], fillAwaited],
    ['read-1k', readWorkloads, reads],
  ]),
  ...sized('Values of 16 KB', 16_384, 1 / 50, [
    ['fillbatch-16k', ['fillrandom, batches of 1,000'], fillBatches],
    ['fillrandom-16k', ['fillrandom, await'], fillAwaited],
    ['read-16k', readWorkloads, reads],
  ]),
]

/**
 * Whether `--only` wants it; its parts are looked for in `group/workload`. Empty: all are wanted.
 */
export function isWanted(group, workload, only) {
  return only.length === 0 || only.some((part) => `${group}/${workload}`.includes(part))
}

function sized(section, valueBytes, share, rows) {
  return rows.map(([name, workloads, run, more]) => {
    return { name, section, workloads, run, valueBytes, share, ...more }
  })
}
