import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WritePace } from './write-pace.js'
import type { WritePressure } from './write-pressure.js'

const commitBytes = 64 * 1024

/** Commits one after the other, each delayed as the pace says. */
class Writer {
  nowMs = 0
  longestMs = 0
  private readonly pace = new WritePace()

  /** `lateMs`: how late timers fire. Returns bytes per millisecond. */
  write(forMs: number, pressureAt: () => WritePressure, lateMs = 0): number {
    const startMs = this.nowMs
    let bytes = 0
    while (this.nowMs < startMs + forMs) {
      const pressure = pressureAt()
      const waitMs = this.pace.admit(this.nowMs, pressure, commitBytes)
      this.longestMs = Math.max(this.longestMs, waitMs)
      if (waitMs > 0) {
        this.nowMs += waitMs + lateMs
        this.pace.charge(this.nowMs, pressure, commitBytes)
      }
      bytes += commitBytes
      this.nowMs += 0.01
    }
    return bytes / (this.nowMs - startMs)
  }
}

const level0 = (fraction: number) => (): WritePressure => ({ cause: 'level0', fraction })

test('the rate falls as the pressure rises', () => {
  const fractions = [0.01, 0.3, 0.6, 0.8, 0.9, 0.99]
  const rates = fractions.map((fraction) => new Writer().write(500, level0(fraction)))
  const sorted = [...rates].sort((a, b) => b - a)
  assert.deepEqual(rates, sorted)
  assert.ok(rates[0] / rates[2] > 1.8 && rates[0] / rates[2] < 2.2, rates.join())
  assert.ok(rates[5] < rates[2] / 15, rates.join())
})

test('no commit is delayed for more than 100 ms', () => {
  const writer = new Writer()
  writer.write(300_000, level0(0.99))
  assert.ok(writer.longestMs <= 100, `${writer.longestMs} ms`)
})

test('timers that fire late do not lower the rate', () => {
  const exact = new Writer().write(2000, level0(0.6))
  const late = new Writer().write(2000, level0(0.6), 1.5)
  assert.ok(Math.abs(late / exact - 1) < 0.05, `${late} and ${exact}`)
})

test('full memtables teach nothing about compactions', () => {
  const writer = new Writer()
  const before = writer.write(1000, level0(0.6))
  writer.write(60_000, () => ({ cause: 'memtables', fraction: 0.95 }))
  const after = writer.write(1000, level0(0.6))
  assert.ok(Math.abs(after / before - 1) < 0.1, `${before}, then ${after}`)
})

test('a writer that does not use its rate does not lower it', () => {
  const pace = new WritePace()
  for (let ms = 0; ms < 60_000; ms += 10) {
    assert.equal(pace.admit(ms, { cause: 'level0', fraction: 0.9 }, 1000), 0)
  }
})

for (const workBytesPerMs of [20_000, 60_000, 100_000]) {
  test(`the rate settles at that of ${workBytesPerMs} bytes of work a millisecond`, () => {
    const writer = new Writer()
    const tableBytes = 64 * 2 ** 20
    let tables = 4
    let lastMs = 0
    const pressureAt = (): WritePressure => {
      tables += (commitBytes - (writer.nowMs - lastMs) * workBytesPerMs) / tableBytes
      lastMs = writer.nowMs
      tables = Math.max(4, tables)
      return { cause: 'level0', fraction: Math.min(0.99, Math.max(0, (tables - 4) / 9)) }
    }
    writer.write(200_000, pressureAt)
    for (let i = 0; i < 10; i++) {
      const rate = writer.write(2000, pressureAt)
      assert.ok(Math.abs(rate / workBytesPerMs - 1) < 0.1, `${rate} bytes a millisecond`)
    }
    assert.ok(tables < 12.9, `${tables} tables`)
  })
}
