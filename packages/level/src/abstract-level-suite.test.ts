import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { VarveLevel } from './varve-level.js'
import { declaredTests, tape } from './testing/tape.js'
import { temporaryFolder } from './testing/temporary.js'

// The suite that abstract-level has for all databases of its kind, whole; the tests it runs follow
// from `db.supports`.

interface SuiteOptions {
  test: typeof tape
  factory: (options?: object) => VarveLevel
}

const require = createRequire(import.meta.url)
const suite = require('abstract-level/test') as (options: SuiteOptions) => void

const folder = temporaryFolder()
let databases = 0

suite({
  test: tape,
  factory: (options) => new VarveLevel(join(folder, String(databases++)), options),
})

tape('the suite was run', (t) => {
  assert.ok(declaredTests > 1500, `${declaredTests} tests`)
  t.end()
})
