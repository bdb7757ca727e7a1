import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { limits } from './limits.js'
import { runLimit } from './run-limit.js'

// Much of everything; `npm run limits` tries very much.
for (const name of Object.keys(limits)) {
  test(`${name} within bounds of memory`, async () => {
    const { problem } = await runLimit(name, 'small', tmpdir())
    assert.equal(problem, undefined)
  })
}
