import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { FaultyFileSystem } from '../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { open } from '../../index.js'

// Covers programs that repeatedly open a database, write a little and close it.

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'varve-brief-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The largest number of logs after any of the opens. */
async function mostLogs(path: string, opens: number): Promise<number> {
  let most = 0
  for (let i = 0; i < opens; i++) {
    const db = await open(path)
    await db.put(`brief ${i}`, 'v')
    await db.close()
    most = Math.max(most, readdirSync(path).filter((name) => name.endsWith('.log')).length)
  }
  return most
}

test('brief opens leave few logs', async (t) => {
  const path = temporaryFolder(t)
  const most = await mostLogs(path, 12)
  assert.ok(most <= 4, `${most} logs`)
  const db = await open(path)
  assert.equal([...db.keys()].length, 12)
  await db.close()
})

test('brief opens leave a bounded number of logs even when a flush takes longer', async (t) => {
  const path = temporaryFolder(t)
  const first = await open(path)
  await first.put('large', 'v'.repeat(2 * 1024 * 1024))
  await first.close()
  const most = await mostLogs(path, 14)
  assert.ok(most < 20, `${most} logs`)
  const db = await open(path)
  assert.equal([...db.keys()].length, 15)
  await db.close()
})

test('close syncs nothing without a write, and the log and its name after one', async () => {
  const fileSystem = new FaultyFileSystem(new MemoryFileSystem())
  const options = { fileSystem, background: 'inline' } as const
  for (const isWritten of [false, true]) {
    const db = await open('/db', options)
    if (isWritten) await db.put('k', 'v')
    fileSystem.isRecording = true
    const from = fileSystem.trace.length
    await db.close()
    fileSystem.isRecording = false
    const syncs = fileSystem.trace
      .slice(from)
      .flatMap(({ kind }) => (/^sync/.exec(kind) ? [kind] : []))
    assert.deepEqual(syncs.sort(), isWritten ? ['sync', 'syncDirectory'] : [])
  }
})
