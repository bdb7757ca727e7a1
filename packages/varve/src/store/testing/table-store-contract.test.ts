import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { FileSystem } from '../../fs/file-system.js'
import { nodeFileSystem } from '../../fs/node-file-system.js'
import { FaultyFileSystem } from '../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { LocalTableStore } from '../local-table-store.js'
import type { TableFile, TableStore } from '../table-store.js'
import { SlowTableStore } from './slow-table-store.js'

interface Site {
  readonly store: TableStore
  /** A folder of the local file system that is not the store's. */
  readonly elsewhere: string
  readonly fs: FileSystem
}

const implementations: Record<string, (context: TestContext) => Site> = {
  'the local store on disk': (context) => {
    const path = mkdtempSync(join(tmpdir(), 'varve-store-'))
    context.after(() => rmSync(path, { recursive: true }))
    return siteOn(nodeFileSystem, path)
  },
  'the local store in memory': () => siteOn(new MemoryFileSystem(), '/'),
  'a store that must be awaited': () => {
    const site = siteOn(new MemoryFileSystem(), '/')
    return { ...site, store: new SlowTableStore(site.store) }
  },
}

function siteOn(fs: FileSystem, path: string): Site {
  const directory = join(path, 'db')
  const elsewhere = join(path, 'elsewhere')
  fs.makeDirectory(directory)
  fs.makeDirectory(elsewhere)
  return { fs, elsewhere, store: new LocalTableStore(fs, directory) }
}

function write(store: TableStore, fileNumber: number, text: string): void {
  const file = store.create(fileNumber)
  const bytes = Buffer.from(text)
  file.append(bytes, 0, bytes.length)
  file.sync()
  file.close()
}

async function textOf(file: TableFile): Promise<string> {
  const bytes = Buffer.alloc(file.sizeBytes())
  const got = await file.readAsync(bytes, 0, bytes.length, 0)
  return bytes.toString('latin1', 0, got)
}

async function contentOf(store: TableStore, fileNumber: number): Promise<string> {
  const file = await store.openAsync(fileNumber)
  try {
    return await textOf(file)
  } finally {
    file.close()
  }
}

for (const [name, setUp] of Object.entries(implementations)) {
  test(`${name}: a table exists once it is published`, async (context) => {
    const { store } = setUp(context)
    write(store, 7, 'seven')
    write(store, 1_234_567, 'large')
    await assert.rejects(store.openAsync(7), { code: 'IO' })
    assert.deepEqual(store.list(), [])
    store.publish([7, 1_234_567])
    assert.deepEqual(
      store.list().sort((a, b) => a - b),
      [7, 1_234_567],
    )
    assert.equal(await contentOf(store, 7), 'seven')
    assert.equal(await contentOf(store, 1_234_567), 'large')
  })

  test(`${name}: a name is given once`, (context) => {
    const { store } = setUp(context)
    const file = store.create(7)
    assert.throws(() => store.create(7), { code: 'IO', systemCode: 'EEXIST' })
    file.close()
  })

  test(`${name}: publishing a missing table fails; publishing no table does nothing`, (context) => {
    const { store } = setUp(context)
    store.publish([])
    assert.throws(() => store.publish([7]), { code: 'IO' })
  })

  test(`${name}: says whether a table can be opened synchronously`, async (context) => {
    const { store } = setUp(context)
    write(store, 7, 'seven')
    store.publish([7])
    if (store.canOpenNow(7)) {
      const file = store.open(7)
      const bytes = Buffer.alloc(5)
      assert.equal(file.read(bytes, 0, 5, 0), 5)
      assert.equal(bytes.toString(), 'seven')
      assert.ok(file.isAsyncOnly !== true)
      file.close()
      assert.throws(() => store.open(8), { code: 'IO', systemCode: 'ENOENT' })
      return
    }
    assert.throws(() => store.open(7), { code: 'UNSUPPORTED' })
    const file = await store.openAsync(7)
    assert.ok(file.isAsyncOnly)
    assert.throws(() => file.read(Buffer.alloc(5), 0, 5, 0), { code: 'UNSUPPORTED' })
    file.close()
  })

  test(`${name}: a table that does not exist cannot be opened`, async (context) => {
    const { store } = setUp(context)
    await assert.rejects(store.openAsync(7), { code: 'IO', systemCode: 'ENOENT' })
  })

  test(`${name}: a discarded table leaves nothing, published or not`, async (context) => {
    const { store } = setUp(context)
    write(store, 1, 'unfinished')
    write(store, 2, 'published')
    write(store, 3, 'kept')
    store.publish([2, 3])
    store.discard([1, 2, 4])
    assert.deepEqual(store.list(), [3])
    assert.equal(await contentOf(store, 3), 'kept')
    store.create(1).close()
  })

  test(`${name}: a removed table stays readable where it is open`, async (context) => {
    const { store } = setUp(context)
    write(store, 7, 'seven')
    store.publish([7])
    const file = await store.openAsync(7)
    await store.remove(7)
    assert.deepEqual(store.list(), [])
    await assert.rejects(store.openAsync(7), { code: 'IO' })
    assert.equal(await textOf(file), 'seven')
    file.close()
    await assert.rejects(store.remove(7), { code: 'IO' })
  })

  test(`${name}: a table can have a second name, or says that it cannot`, (context) => {
    const { store, fs, elsewhere } = setUp(context)
    write(store, 7, 'seven')
    store.publish([7])
    const path = `${elsewhere}/copy`
    try {
      store.link(7, path)
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'UNSUPPORTED')
      return
    }
    const file = fs.openForRead(path)
    assert.equal(file.sizeBytes(), 5)
    file.close()
    assert.throws(() => store.link(7, path), { code: 'IO', systemCode: 'EEXIST' })
  })

  test(`${name}: errors name the file of a table`, (context) => {
    const { store } = setUp(context)
    assert.match(store.nameOf(7), /000007/)
    assert.notEqual(store.nameOf(7), store.nameOf(8))
  })
}

test('the local store syncs the directory before the first name and after the last', () => {
  const fs = new FaultyFileSystem(new MemoryFileSystem())
  fs.makeDirectory('/db')
  const store = new LocalTableStore(fs, '/db')
  write(store, 1, 'one')
  write(store, 2, 'two')
  const done: string[] = []
  fs.faultFor = ({ kind }) => void done.push(kind)
  store.publish([1, 2])
  assert.deepEqual(done, ['syncDirectory', 'rename', 'rename', 'syncDirectory'])
})

test('discarding goes on after a failure', () => {
  const fs = new FaultyFileSystem(new MemoryFileSystem())
  fs.makeDirectory('/db')
  const store = new LocalTableStore(fs, '/db')
  for (const fileNumber of [1, 2]) write(store, fileNumber, 'text')
  store.publish([1, 2])
  fs.faultFor = ({ path }) => (path.includes('000001') ? { systemCode: 'EIO' } : undefined)
  store.discard([1, 2])
  assert.deepEqual(store.list(), [1])
})
