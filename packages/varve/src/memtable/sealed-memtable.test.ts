import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Prng } from '../base/prng.js'
import { ValueKind } from '../key/value-kind.js'
import { MemTable } from './memtable.js'
import { firstSeed } from '../base/testing/seed.js'

const reader = `
  const { parentPort, workerData } = require('node:worker_threads')
  const imports = Promise.all(workerData.modules.map((each) => import(each)))
  imports.then(([{ openSealedMemTable }, { Memory }]) => {
    const { input, rangeTombstones } = openSealedMemTable(workerData.sealed)
    const seen = []
    const copy = new Memory(Buffer.alloc(4096))
    for (let entry = input.next(); entry !== undefined; entry = input.next()) {
      const { keyStart, keyEnd, valueEnd, sequence, kind } = entry
      entry.copyTo(copy, 5)
      const key = copy.bytes.toString('hex', 5, 5 + keyEnd - keyStart)
      const value = copy.bytes.toString('hex', 5 + keyEnd - keyStart, 5 + valueEnd - keyStart)
      seen.push([key, sequence, kind, value].join(' '))
    }
    parentPort.postMessage({ seen, tombstones: rangeTombstones.tombstones })
  })`

test('a worker reads a sealed memtable in the same order, from the same memory', async () => {
  const seed = firstSeed(20260801)
  const prng = new Prng(seed)
  const table = new MemTable(1 << 20)
  for (let sequence = 1; sequence <= 5000; sequence++) {
    if (sequence % 1000 === 0) {
      table.insertRangeDelete(sequence, prng.bytes(1), sequence === 3000 ? null : Buffer.of(255))
      continue
    }
    const key = prng.bytes(prng.between(1, 3))
    const value = prng.bytes(prng.chance(0.01) ? prng.below(2000) : prng.below(9))
    const kind = prng.chance(0.1) ? ValueKind.delete : ValueKind.put
    table.insert(sequence, kind, key, 0, key.length, value, 0, value.length)
  }

  const modules = ['./sealed-memtable.js', '../base/memory.js'].map(
    (path) => new URL(path, import.meta.url).href,
  )
  const worker = new Worker(reader, { eval: true, workerData: { modules, sealed: table.seal() } })
  const [answer] = (await once(worker, 'message')) as [{ seen: string[]; tombstones: unknown[] }]

  const expected: string[] = []
  const here = table.iterator()
  for (here.seekToFirst(); here.valid; here.next()) {
    const key = Buffer.from(here.keyBytes.subarray(here.keyStart, here.keyEnd)).toString('hex')
    const value = Buffer.from(here.valueBytes.subarray(here.valueStart, here.valueEnd))
    expected.push([key, here.sequence, here.kind, value.toString('hex')].join(' '))
  }
  assert.equal(expected.length, table.entryCount)
  assert.deepEqual(answer.seen, expected, `seed ${seed}`)
  // The chain of a sealed memtable goes from the newest range delete to the oldest.
  const tombstones = table.rangeTombstones().tombstones.toReversed()
  assert.deepEqual(
    answer.tombstones,
    tombstones.map(({ start, end, sequence }) => ({
      start: new Uint8Array(start),
      end: end === null ? null : new Uint8Array(end),
      sequence,
    })),
  )
})
