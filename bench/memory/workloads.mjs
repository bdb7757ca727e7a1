import { setTimeout as sleep } from 'node:timers/promises'
import { readBytes } from './memory-group.mjs'
import { rangeLength } from './settings.mjs'

/** By name: makes a step, which returns its number of operations, or a promise of it. */
export const workloads = {
  'get, sync': ({ db, pick }) =>
    db.getSync &&
    (() => {
      found(db.getSync(pick()))
      return 1
    }),
  'get, awaited': ({ db, pick }) => getsAtOnce(db, pick, 1),
  'get, 8 at once': ({ db, pick }) => getsAtOnce(db, pick, 8),
  'get, 64 at once': ({ db, pick }) => getsAtOnce(db, pick, 64),
  'getMany of 64':
    ({ db, pick }) =>
    async () => {
      for (const value of await db.getMany(Array.from({ length: 64 }, pick))) found(value)
      return 64
    },
  'range of 50':
    ({ db, pick }) =>
    async () => {
      await db.range(pick(), rangeLength)
      return 1
    },
  'get beside writes': ({ db, pick, put }) => {
    const get = getsAtOnce(db, pick, 10)
    return async () => {
      const written = put()
      await get()
      await written
      return 10
    }
  },
}

/** Runs steps for some seconds: microseconds and bytes read for each operation. */
export async function measure(step, seconds) {
  const before = readBytes()
  const startMs = performance.now()
  const endMs = startMs + seconds * 1000
  let operations = 0
  let nowMs = startMs
  while (nowMs < endMs) {
    const done = step()
    operations += typeof done === 'number' ? done : await done
    nowMs = performance.now()
  }
  const after = readBytes()
  return {
    operations,
    microseconds: ((nowMs - startMs) * 1000) / operations,
    diskBytesRead: (after.fromDisk - before.fromDisk) / operations,
    callBytesRead: (after.called - before.called) / operations,
  }
}

/** Lets caches take on the state that the workload leaves them in. */
export async function warmUp(step, seconds) {
  await measure(step, seconds)
  await sleep(0)
}

function getsAtOnce(db, pick, width) {
  if (width === 1) {
    return async () => {
      found(await db.get(pick()))
      return 1
    }
  }
  return async () => {
    const reads = []
    for (let i = 0; i < width; i++) reads.push(db.get(pick()))
    for (const value of await Promise.all(reads)) found(value)
    return width
  }
}

function found(value) {
  if (value === undefined) throw new Error('a record is missing')
}
