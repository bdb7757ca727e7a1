import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'
import { MemTable } from '../../../memtable/memtable.js'
import { Tree } from '../../../tree/tree.js'

// V8's own status is more reliable than timing.
setFlagsFromString('--allow-natives-syntax')
const watch = runInThisContext('(code) => %PrepareFunctionForOptimization(code)') as Ask
const compileAtNextCall = runInThisContext('(code) => %OptimizeFunctionOnNextCall(code)') as Ask
const stateOf = runInThisContext('(code) => %GetOptimizationStatus(code)') as Ask
type Ask = (code: unknown) => unknown

test('code compiled for inserts outlives its memtable', async () => {
  // Without that code, a thousand inserts would block the event loop for too long.
  const hot: unknown[] = [
    Reflect.get(Tree.prototype, 'apply'),
    Reflect.get(MemTable.prototype, 'insert'),
  ]
  const memtableBytes = 64 * 1024
  const fileSystem = new MemoryFileSystem()
  await using db = await open('/db', { fileSystem, background: 'inline', memtableBytes })
  let writes = 0
  const write = (count: number): void => {
    for (let i = 0; i < count; i++) db.putSync(`key ${writes++ % 200}`, 'x'.repeat(100))
  }
  // V8 starts to collect feedback once a function has run for a while.
  write(10)
  for (const code of hot) watch(code)
  write(300)
  const before = hot.map(stateOf)
  for (const code of hot) compileAtNextCall(code)
  write(1)
  const compiled = hot.map(stateOf)
  write(2000)
  assert.ok(db.stats().flushes.count > 2)
  assert.notDeepEqual(compiled, before)
  assert.deepEqual(hot.map(stateOf), compiled)
})
