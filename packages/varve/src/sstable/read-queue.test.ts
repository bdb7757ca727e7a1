import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  maxBytesInFlight,
  maxReadsInFlight,
  type QueuedFile,
  type QueuedRead,
  ReadQueue,
} from './read-queue.js'

/** A file each of whose blocks is read alone, when the test lets it. */
class SteppedFile implements QueuedFile {
  readonly started: number[] = []
  readonly synchronous: number[] = []
  private readonly running = new Map<number, () => void>()

  constructor(private readonly sizeOf: (index: number) => number = () => 4096) {}

  get inFlight(): number {
    return this.running.size
  }

  takeRead(index: number): QueuedRead {
    return {
      sizeBytes: this.sizeOf(index),
      runSync: () => void this.synchronous.push(index),
      run: () => {
        this.started.push(index)
        return new Promise((resolve) => this.running.set(index, resolve))
      },
    }
  }

  /** Ends the oldest read in flight. */
  async endOne(): Promise<void> {
    const [[index, end]] = this.running
    this.running.delete(index)
    end()
    await settled()
  }
}

/** Resolves after all microtasks. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

test('reads start in order, as many at once as allowed', async () => {
  const count = 3000
  const file = new SteppedFile()
  const queue = new ReadQueue()
  for (const index of upTo(count)) queue.add(file, index)
  assert.deepEqual(file.started, [], 'the running code may ask for more first')
  await settled()
  assert.deepEqual(file.started, upTo(maxReadsInFlight))
  while (file.inFlight > 0) {
    assert.ok(file.inFlight <= maxReadsInFlight)
    await file.endOne()
  }
  assert.deepEqual(file.started, upTo(count))
})

test('the bytes in flight are bounded, and a larger read runs alone', async () => {
  const large = maxBytesInFlight + 1
  const sizes = [maxBytesInFlight / 2, maxBytesInFlight / 2, large, 10, 10]
  const file = new SteppedFile((index) => sizes[index])
  const queue = new ReadQueue()
  for (const index of sizes.keys()) queue.add(file, index)
  await settled()
  assert.deepEqual(file.started, [0, 1])
  await file.endOne()
  assert.deepEqual(file.started, [0, 1], 'half the bytes are still in flight')
  await file.endOne()
  assert.deepEqual(file.started, [0, 1, 2])
  await file.endOne()
  assert.deepEqual(file.started, [0, 1, 2, 3, 4])
})

test('reads block as the pace allows, which knows how many others there are', async () => {
  const others: number[] = []
  const pace = {
    mayBlock: (count: number) => others.push(count) === 2,
    timed: (read: () => void) => read(),
  }
  const file = new SteppedFile()
  const queue = new ReadQueue(pace)
  for (const index of upTo(4)) queue.add(file, index)
  await settled()
  assert.deepEqual(others, [3, 3, 2, 2])
  assert.deepEqual(file.synchronous, [1])
  assert.deepEqual(file.started, [0, 2, 3])
})
