import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VarveError } from '../../base/errors.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import type { WritableFile } from '../../fs/file-system.js'
import { type BinaryDatabase, bytes, latin1, openBinary } from '../harness/comparison.js'
import { readBytes, replaceBytes, samplePath, tinyOptions } from '../harness/sample-database.js'

/** A disk that silently stores wrong bytes. */
class LyingFileSystem extends MemoryFileSystem {
  liesAbout: (path: string) => boolean = () => false

  override create(path: string): WritableFile {
    const file = super.create(path)
    if (!this.liesAbout(path)) return file
    const append = file.append.bind(file)
    file.append = (given, start, end) => {
      const changed = Buffer.from(given.subarray(start, end))
      changed[changed.length >> 1] ^= 1
      append(changed, 0, changed.length)
    }
    return file
  }
}

const isTable = (path: string): boolean => path.includes('.sst')

async function withEntries(fs: MemoryFileSystem, paranoid: boolean): Promise<BinaryDatabase> {
  const db = await openBinary(samplePath, { ...tinyOptions, fileSystem: fs, paranoid })
  for (let i = 0; i < 100; i++) await db.put(bytes(`k${i % 50}`), bytes(`value ${i}`))
  return db
}

/** The first error of background work. */
function nextError(db: BinaryDatabase): Promise<VarveError> {
  return new Promise((resolve) => void db.on('error', resolve))
}

test('paranoid: a table written incorrectly is never installed', async () => {
  const fs = new LyingFileSystem()
  const db = await withEntries(fs, true)
  fs.liesAbout = isTable
  const failed = nextError(db)
  const flushed = db.flush().catch(() => {})
  assert.equal((await failed).code, 'CORRUPTION')
  assert.equal(db.levels().flatMap(({ tables }) => tables).length, 0)
  assert.equal([...db.entries()].length, 50)

  fs.liesAbout = () => false
  await flushed
  await db.flush()
  await db.close()
  const again = await openBinary(samplePath, { ...tinyOptions, fileSystem: fs, paranoid: true })
  assert.equal(latin1(again.getSync(bytes('k7'))!), 'value 57')
  assert.equal([...again.entries()].length, 50)
  await again.close()
})

test('paranoid: open reads every table and names the damaged one', async () => {
  const fs = new MemoryFileSystem()
  const db = await withEntries(fs, false)
  await db.flush()
  await db.close()
  const name = fs.list(samplePath).find(isTable)!
  const damaged = readBytes(fs, name)
  damaged[30] ^= 1
  replaceBytes(fs, name, damaged)
  const options = { ...tinyOptions, fileSystem: fs }
  await assert.rejects(openBinary(samplePath, { ...options, paranoid: true }), (error) => {
    const { code, file, offset } = error as VarveError
    assert.deepEqual({ code, offset }, { code: 'CORRUPTION', offset: 16 })
    return file === `${samplePath}/${name}`
  })
  // Without paranoid, the error appears only when the damaged table is read.
  const trusting = await openBinary(samplePath, options)
  assert.throws(() => [...trusting.entries()], { code: 'CORRUPTION' })
  await trusting.close()
})
