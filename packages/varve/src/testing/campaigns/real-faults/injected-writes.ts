import type { OpenOptions } from '../../../db/api.js'

export const writeCount = 40

/** Keeps everything on one thread, so that the n-th call of a kind is the same in each run. */
export const injectedOptions: OpenOptions = {
  background: 'inline',
  durability: 'sync',
  memtableBytes: 4096,
  maxStallMs: 50,
  compaction: { policy: 'leveled', l0Trigger: 2, baseBytes: 4096 },
}

export function keyOfWrite(i: number): string {
  return `key:${String(i).padStart(4, '0')}`
}

export function valueOfWrite(i: number): Buffer {
  return Buffer.alloc(200 + 10 * i, i + 1)
}
