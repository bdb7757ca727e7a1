import { test } from 'node:test'
import { target } from '../testing/import-formats.js'

// `npm run fuzz` does more of this.
test('rows come out the same however a file is cut, and nothing but rows', async () => {
  const runCase = await target.prepare()
  const firstSeed = Number(process.env['VARVE_SEED'] ?? 1)
  for (let seed = firstSeed; seed < firstSeed + 20; seed++) await runCase(seed)
})
