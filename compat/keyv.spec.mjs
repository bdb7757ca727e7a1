// Keyv's own suite for storage adapters, and that for iterators. It brings its runner: `vitest run`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite'
import { KeyvVarve } from '@varve/keyv'
import Keyv from 'keyv'
import { open } from 'varve'
import * as vitest from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'varve-keyv-'))
const db = await open(folder)
vitest.afterAll(async () => {
  await db.close()
  rmSync(folder, { recursive: true, force: true })
})

const store = () => new KeyvVarve(db)
keyvTestSuite(vitest, Keyv, store)
keyvIteratorTests(vitest, Keyv, store)
