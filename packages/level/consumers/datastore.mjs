// datastore-level (IPFS) on VarveLevel, held to the suite that its project has for all datastores.
// The suite is written for mocha; Node's own runner has the same words.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as runner from 'node:test'

const { after, afterEach, before, beforeEach, describe } = runner
const it = (name, body) => runner.it(name, () => body.call({ timeout() {} }))
Object.assign(globalThis, { after, afterEach, before, beforeEach, describe, it })

const { LevelDatastore } = await import('datastore-level')
const { interfaceDatastoreTests } = await import('interface-datastore-tests')

const folder = mkdtempSync(join(tmpdir(), 'varve-datastore-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
let stores = 0

describe('datastore-level', () => {
  interfaceDatastoreTests({
    async setup() {
      const store = new LevelDatastore(join(folder, String(stores++)))
      await store.open()
      return store
    },
    async teardown(store) {
      await store.close()
    },
  })
})
