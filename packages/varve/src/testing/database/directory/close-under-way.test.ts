import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { FaultyFileSystem } from '../../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { destroy, open } from '../../../index.js'
import { repair } from '../../../tools/index.js'

const inline = { background: 'inline' } as const

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'varve-closing-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('open waits for a pending close in this process', async (t) => {
  const path = join(temporaryFolder(t), 'db')
  const first = await open(path, inline)
  await first.put('k', 'v')
  const closing = first.close()
  const second = await open(path, inline)
  assert.equal(second.getSync('k'), 'v')
  await closing
  await second.close()
})

test('open waits for a pending close through another path of the directory', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'db'))
  symlinkSync('db', join(folder, 'link'), 'junction')
  const first = await open(join(folder, 'link'), inline)
  const closing = first.close()
  await (await open(join(folder, 'db'), inline)).close()
  await closing
})

test('two opens wait for a close: the first succeeds, the second finds it open', async () => {
  const options = { ...inline, fileSystem: new MemoryFileSystem() }
  const first = await open('/db', options)
  const closing = first.close()
  const [second, third] = await Promise.allSettled([open('/db', options), open('/db', options)])
  await closing
  assert.equal(second.status, 'fulfilled')
  assert.equal(third.status, 'rejected')
  assert.equal((third.reason as { code: string }).code, 'LOCKED')
  const closingAgain = second.value.close()
  await (await open('/db', options)).close()
  await closingAgain
})

test('open waits for a close that fails', async () => {
  const fileSystem = new FaultyFileSystem(new MemoryFileSystem())
  const options = { ...inline, fileSystem }
  const first = await open('/db', options)
  await first.put('k', 'v')
  fileSystem.faultFor = ({ kind }) => {
    if (kind !== 'sync') return undefined
    fileSystem.faultFor = () => undefined
    return { systemCode: 'EIO' }
  }
  const closing = assert.rejects(first.close(), { code: 'IO' })
  const second = await open('/db', options)
  await closing
  assert.equal(second.getSync('k'), 'v')
  await second.close()
})

test('destroy waits for pending closes of the owner and of readers', async (t) => {
  const path = join(temporaryFolder(t), 'db')
  const owner = await open(path, inline)
  await owner.put('k', 'v')
  const reader = await open(path, { readOnly: true })
  await assert.rejects(destroy(path), { code: 'LOCKED' })
  const closing = [owner.close(), reader.close()]
  await destroy(path)
  assert.deepEqual(readdirSync(path), [])
  await Promise.all(closing)
})

test('repair waits for a pending close', async (t) => {
  const path = join(temporaryFolder(t), 'db')
  const db = await open(path, inline)
  await db.put('k', 'v')
  const closing = db.close()
  assert.equal((await repair(path, { apply: true })).isNeeded, false)
  await closing
})
