import { test } from 'node:test'
import { target } from '../testing/import-formats.js'
import { seeds } from '../../../varve/dist/base/testing/seed.js'

// `npm run fuzz` does more of this.
test('rows come out the same however a file is cut, and nothing but rows', async () => {
  const runCase = await target.prepare()
  for (const seed of seeds(20)) await runCase(seed)
})
