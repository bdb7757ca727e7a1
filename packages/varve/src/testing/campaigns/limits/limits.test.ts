import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { limits } from './limits.js'
import { runLimit } from './run-limit.js'

// `npm run limits` runs these with the full amounts.
for (const name of Object.keys(limits)) {
  test(`${name} stays within its memory limit`, async () => {
    const { problem } = await runLimit(name, 'small', tmpdir())
    assert.equal(problem, undefined)
  })
}
