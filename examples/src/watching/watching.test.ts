import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { open } from 'varve'
import { metrics } from 'varve/metrics'
import { instrument } from './opentelemetry.js'
import { servePrometheus } from './prometheus.js'

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'varve-watching-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('Prometheus finds every database that is open, and no other', () =>
  inFolder(async (folder) => {
    const server = servePrometheus(0)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const scrape = async (): Promise<string> =>
      (await fetch(`http://localhost:${port}/metrics`)).text()
    try {
      const db = await open(join(folder, 'orders'))
      await db.put('k', 'v')
      const label = `database=${JSON.stringify(db.path)}`
      const line = `varve_operations_total{${label},operation="write"} 1`
      assert.ok((await scrape()).split('\n').includes(line))
      await db.close()
      assert.equal(await scrape(), '')
    } finally {
      server.close()
      server.closeAllConnections()
    }
  }))

/** Collects when a test asks. */
class ManualReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

test('OpenTelemetry collects every metric, and the durations of commits', () =>
  inFolder(async (folder) => {
    await using orders = await open(join(folder, 'orders'))
    await using users = await open(join(folder, 'users'))
    const reader = new ManualReader()
    const provider = new MeterProvider({ readers: [reader] })
    const stop = instrument(provider.getMeter('varve'), { orders, users })
    await orders.put('k', 'v')
    await orders.put('k', 'v', { sync: true })
    await users.put('k', 'v')

    const { resourceMetrics, errors } = await reader.collect()
    assert.deepEqual(errors, [])
    const [{ metrics: collected }] = resourceMetrics.scopeMetrics
    const found = new Map(collected.map((metric) => [metric.descriptor.name, metric]))
    const known = metrics.map(({ name }) => name)
    assert.deepEqual([...found.keys()].sort(), [...known, 'varve.commit.duration'].sort())
    const valuesOf = (name: string): unknown[] =>
      found.get(name)!.dataPoints.map(({ attributes, value }) => [
        attributes['db.namespace'],
        ...Object.keys(attributes)
          .filter((key) => !key.startsWith('db.'))
          .map((key) => attributes[key]),
        typeof value === 'object' ? value.count : value,
      ])
    assert.deepEqual(valuesOf('varve.operations'), [
      ['orders', 'write', 2],
      ['orders', 'get', 0],
      ['orders', 'scan', 0],
      ['users', 'write', 1],
      ['users', 'get', 0],
      ['users', 'scan', 0],
    ])
    assert.deepEqual(valuesOf('varve.commit.duration'), [
      ['orders', false, 1],
      ['orders', true, 1],
      ['users', false, 1],
    ])
    const written = found.get('varve.disk.written')!
    assert.equal(written.descriptor.unit, 'By')
    stop()
    await orders.put('k', 'v')
    await orders.close()
    assert.deepEqual((await reader.collect()).errors, [], 'a closed database is not asked')
    await provider.shutdown()
  }))
