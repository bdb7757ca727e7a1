import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCorpus } from './corpus.js'
import { decoders, onlyVarveErrors, target as mutatedInputs } from './decoders.js'
import { onceHarmful, target as mutatedDirectories } from './directories.js'
import type { FuzzTarget } from './target.js'
import { seeds } from '../../../base/testing/seed.js'

// `npm run fuzz` does more of this, in processes with little memory.

test('decoders read or refuse every corpus input', () => {
  for (const [name, decode] of Object.entries(decoders)) {
    const corpus = readCorpus(name)
    assert.ok(corpus.length > 1, `${corpus.length} inputs for ${name}`)
    for (const [i, bytes] of corpus.entries()) {
      try {
        onlyVarveErrors(() => decode(bytes))
      } catch (cause) {
        throw new Error(`input ${i} of ${name}`, { cause })
      }
    }
  }
})

test('decoders read or refuse mutated inputs', () => run(mutatedInputs, 4000))

test('hostile directories are read or end in a VarveError', () => run(mutatedDirectories, 40))

test('directories that once caused harm are read or end in a VarveError', async () => {
  const runCase = await mutatedDirectories.prepare()
  for (const seed of onceHarmful) await runCase(seed)
})

async function run(target: FuzzTarget, cases: number): Promise<void> {
  const runCase = await target.prepare()
  for (const seed of seeds(cases)) {
    try {
      await runCase(seed)
    } catch (cause) {
      throw new Error(`target ${target.name}, VARVE_SEED=${seed}`, { cause })
    }
  }
}
