import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WritableFile } from '../../../fs/file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { runCrashes } from './crash-run.js'
import { drawScenario } from './scenario.js'
import { reportOf, simulate } from './simulate.js'
import { SimulationFailure } from './simulation-failure.js'
import { campaignSize } from '../../kit/campaign-size.js'
import { firstSeed } from '../../../base/testing/seed.js'

const first = firstSeed()
const wantedImages = campaignSize(2000, 10_000)

test('every crash image opens with an allowed state', async () => {
  let images = 0
  for (let seed = first; images < wantedImages; seed++) {
    try {
      images += (await simulate(seed, 'crashes')).images
    } catch (error) {
      assert.ok(error instanceof SimulationFailure, String(error))
      assert.fail(reportOf(error, 'crashes'))
    }
  }
})

test('the same seed gives the same trace hash', async () => {
  const scenario = drawScenario(first + 7, 15)
  const { digest } = await runCrashes(scenario)
  assert.equal((await runCrashes(drawScenario(first + 7, 15))).digest, digest)
  assert.notEqual((await runCrashes({ ...scenario, seed: 0 })).digest, digest)
  assert.notEqual((await runCrashes(drawScenario(first + 8, 15))).digest, digest)
})

/** Disks on which no engine could keep its promises. A simulation that finds no fault is blind. */
const badDisks: Record<string, () => MemoryFileSystem> = {
  'names never become durable': () =>
    new (class extends MemoryFileSystem {
      override syncDirectory(): void {}
    })(),
  'a sync has no effect': () =>
    new (class extends MemoryFileSystem {
      override create(path: string): WritableFile {
        return Object.assign(super.create(path), { sync() {}, syncAsync: () => Promise.resolve() })
      }
    })(),
}

for (const [name, newFileSystem] of Object.entries(badDisks)) {
  test(`the simulation detects a faulty disk: ${name}`, async () => {
    await assert.rejects(async () => {
      for (let seed = 1; seed < 6; seed++) await runCrashes(drawScenario(seed, 30), newFileSystem)
    }, SimulationFailure)
  })
}
