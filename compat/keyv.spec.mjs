// Keyv's own suite for storage adapters, and its suite for iterators, with Keyv 5 and with Keyv 6.
// They bring their runner: `vitest run`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite'
import { KeyvVarve } from '@varve/keyv'
import Keyv5 from 'keyv5'
import Keyv6 from 'keyv6'
import { open } from 'varve'
import * as vitest from 'vitest'

vitest.describe('Keyv 5', async () => {
  const store = await storeFactory()
  keyvTestSuite(vitest, Keyv5, store)
  keyvIteratorTests(vitest, Keyv5, store)
})

// The latest suite on npm is the one of Keyv 5. packages/keyv/src/keyv-6.test.ts tests what
// Keyv 6 added.
vitest.describe('Keyv 6', async () => {
  const store = await storeFactory()
  const changed = [
    // Keyv 6 returns a boolean for each key.
    '.deleteMany([keys]) with nonexistent keys resolves to false',
    // It gives one adapter to two Keyvs. With Keyv 6, KeyvVarve refuses the second namespace.
    "iterator() doesn't yield values from other namespaces",
  ]
  const runner = {
    ...vitest,
    it: (name, run) => vitest.it.skipIf(changed.includes(name))(name, run),
  }
  keyvTestSuite(runner, Keyv6, store)
  keyvIteratorTests(runner, Keyv6, store)
})

/** Makes adapters on one open database, which is removed after the tests. */
async function storeFactory() {
  const folder = mkdtempSync(join(tmpdir(), 'varve-keyv-'))
  const db = await open(folder)
  vitest.afterAll(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return () => new KeyvVarve(db)
}
