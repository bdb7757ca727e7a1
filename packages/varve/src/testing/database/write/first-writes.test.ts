import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'

test('blocking writes right after open do not wait for a turn of the event loop', async () => {
  const options = {
    fileSystem: new MemoryFileSystem(),
    background: 'inline',
    compaction: { policy: 'leveled', l0Trigger: 2, l0Slowdown: 3, l0Stop: 4 },
    maxStallMs: 1000,
  } as const
  const before = await open('/db', options)
  await before.pauseCompaction()
  for (let i = 0; i < 12; i++) {
    await before.put(`key ${i}`, 'value')
    await before.flush()
  }
  await before.close()
  await using db = await open('/db', options)
  for (let i = 0; i < 50; i++) db.putSync(`key ${i}`, 'new')
  assert.equal(db.getSync('key 0'), 'new')
})
