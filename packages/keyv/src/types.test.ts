import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Keyv as Keyv5, type KeyvStoreAdapter } from 'keyv5'
import { Keyv as Keyv6, type KeyvStorageAdapter } from 'keyv6'
import { KeyvVarve } from './index.js'

test('the types fit the adapters of Keyv 5 and Keyv 6, and both take one as their store', () => {
  const adapter5: KeyvStoreAdapter = new KeyvVarve('never-opened')
  const adapter6: KeyvStorageAdapter = new KeyvVarve('never-opened')
  assert.equal(new Keyv5(adapter5, { namespace: 'a' }).store, adapter5)
  assert.equal(new Keyv6(adapter6, { namespace: 'a' }).store, adapter6)
})
