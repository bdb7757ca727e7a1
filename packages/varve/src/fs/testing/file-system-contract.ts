import assert from 'node:assert/strict'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { VarveError } from '../../base/errors.js'
import type { FileSystem } from '../file-system.js'

/** A file system to test. */
export interface FileSystemSubject {
  readonly fs: FileSystem
  /** An empty directory that the tests may use. */
  readonly directory: string
  /** Removes the directory. */
  dispose(): void
}

/**
 * Tests an implementation of `FileSystem` against its contract, on `node:test`. `newSubject` is
 * called before each test.
 *
 * ```ts
 * testFileSystemContract('MemoryFileSystem', () => {
 *   const fs = new MemoryFileSystem()
 *   fs.makeDirectory('/data')
 *   return { fs, directory: '/data', dispose() {} }
 * })
 * ```
 */
export function testFileSystemContract(name: string, newSubject: () => FileSystemSubject): void {
  describe(`${name} keeps the contract`, () => {
    let subject: FileSystemSubject
    let fs: FileSystem
    const at = (file: string) => join(subject.directory, file)

    beforeEach(() => {
      subject = newSubject()
      fs = subject.fs
    })
    afterEach(() => subject.dispose())

    function write(file: string, text: string): void {
      const handle = fs.create(at(file))
      handle.append(Buffer.from(text), 0, Buffer.byteLength(text))
      handle.close()
    }

    function read(file: string): string {
      const handle = fs.openForRead(at(file))
      const bytes = Buffer.alloc(handle.sizeBytes())
      assert.equal(handle.read(bytes, 0, bytes.length, 0), bytes.length)
      handle.close()
      return bytes.toString()
    }

    function failsWith(systemCode: string, run: () => unknown): void {
      assert.throws(run, (error) => {
        assert.ok(error instanceof VarveError)
        assert.equal(error.code, 'IO')
        assert.equal(error.systemCode, systemCode)
        assert.ok(error.cause instanceof Error)
        return true
      })
    }

    test('appends pieces of a buffer and reads them back', () => {
      const file = fs.create(at('a'))
      assert.equal(file.path, at('a'))
      file.append(Buffer.from('--hello--'), 2, 7)
      file.append(Buffer.from('ignored'), 3, 3)
      file.append(Buffer.from(' world'), 0, 6)
      assert.equal(file.sizeBytes, 11)
      file.sync()
      file.close()
      assert.equal(read('a'), 'hello world')
    })

    test('appended bytes do not follow later changes of the buffer', () => {
      const file = fs.create(at('a'))
      const bytes = Buffer.from('before')
      file.append(bytes, 0, 6)
      bytes.fill('x')
      file.close()
      assert.equal(read('a'), 'before')
    })

    test('appends after the last byte of an existing file', () => {
      write('a', 'one')
      const file = fs.openForAppend(at('a'))
      assert.equal(file.sizeBytes, 3)
      file.append(Buffer.from('two'), 0, 3)
      file.close()
      assert.equal(read('a'), 'onetwo')
    })

    test('truncates, and appends from there', () => {
      const file = fs.create(at('a'))
      file.append(Buffer.from('one two'), 0, 7)
      file.truncate(3)
      assert.equal(file.sizeBytes, 3)
      file.append(Buffer.from('!'), 0, 1)
      file.close()
      assert.equal(read('a'), 'one!')
    })

    test('reads a part into the middle of a buffer', () => {
      write('a', '0123456789')
      const file = fs.openForRead(at('a'))
      const target = Buffer.from('........')
      assert.equal(file.read(target, 2, 3, 4), 3)
      assert.equal(target.toString(), '..456...')
      file.close()
    })

    test('reads short only at the end of the file', async () => {
      write('a', '0123456789')
      const file = fs.openForRead(at('a'))
      const target = Buffer.alloc(8)
      assert.equal(file.read(target, 0, 8, 7), 3)
      assert.equal(file.read(target, 0, 8, 10), 0)
      assert.equal(file.read(target, 0, 8, 1000), 0)
      assert.equal(await file.readAsync(target, 0, 8, 7), 3)
      assert.equal(target.toString('latin1', 0, 3), '789')
      file.close()
    })

    test('closing during an asynchronous read lets it finish', async () => {
      write('a', '0123456789')
      const file = fs.openForRead(at('a'))
      const target = Buffer.alloc(4)
      const reading = file.readAsync(target, 0, 4, 2)
      file.close()
      assert.equal(await reading, 4)
      assert.equal(target.toString(), '2345')
    })

    test('syncs asynchronously', async () => {
      const file = fs.create(at('a'))
      file.append(Buffer.from('x'), 0, 1)
      await file.syncAsync()
      await fs.syncDirectoryAsync(subject.directory)
      fs.syncDirectory(subject.directory)
      file.close()
    })

    test('syncs during a background sync, also after a rename', async () => {
      for (const name of ['a', 'b']) {
        const file = fs.create(at('a'))
        if (name !== 'a') fs.rename(at('a'), at(name))
        file.append(Buffer.from('x'), 0, 1)
        const syncing = file.syncAsync()
        file.sync()
        file.close()
        await syncing
        fs.remove(at(name))
      }
    })

    test('rewrites existing bytes', () => {
      const file = fs.create(at('a'))
      file.append(Buffer.from('0123456789'), 0, 10)
      file.rewrite(Buffer.from('345'), 3)
      assert.equal(file.sizeBytes, 10)
      assert.throws(() => file.rewrite(Buffer.from('9a'), 9), /invariant broken/)
      file.sync()
      file.close()
      assert.equal(read('a'), '0123456789')
    })

    test('using a closed file is a programmer error', () => {
      const writable = fs.create(at('a'))
      writable.close()
      const readable = fs.openForRead(at('a'))
      readable.close()
      const broken = /invariant broken/
      assert.throws(() => writable.close(), broken)
      assert.throws(() => writable.append(Buffer.alloc(1), 0, 1), broken)
      assert.throws(() => readable.close(), broken)
      assert.throws(() => readable.read(Buffer.alloc(1), 0, 1, 0), broken)
    })

    test('a reader sees bytes appended after it was opened', () => {
      const writer = fs.create(at('a'))
      const reader = fs.openForRead(at('a'))
      writer.append(Buffer.from('late'), 0, 4)
      assert.equal(reader.sizeBytes(), 4)
      writer.close()
      reader.close()
    })

    test('a removed file stays readable through open handles', () => {
      write('a', 'still here')
      const reader = fs.openForRead(at('a'))
      fs.remove(at('a'))
      assert.equal(fs.exists(at('a')), false)
      const bytes = Buffer.alloc(10)
      reader.read(bytes, 0, 10, 0)
      assert.equal(bytes.toString(), 'still here')
      reader.close()
    })

    test('removes in the background, and fails when the file is missing', async () => {
      write('a', 'gone')
      await fs.removeAsync(at('a'))
      assert.equal(fs.exists(at('a')), false)
      await assert.rejects(fs.removeAsync(at('a')), { code: 'IO', systemCode: 'ENOENT' })
    })

    test('makes folders with their parents and lists names', () => {
      fs.makeDirectory(at('x/y/z'))
      fs.makeDirectory(at('x/y'))
      write('x/file', '')
      assert.deepEqual(fs.list(at('x')).sort(), ['file', 'y'])
      assert.deepEqual(fs.list(at('x/y/z')), [])
      assert.equal(fs.exists(at('x/y/z')), true)
      assert.equal(fs.exists(at('x/nothing')), false)
    })

    test('renames over an existing file', () => {
      write('from', 'new')
      write('to', 'old')
      fs.rename(at('from'), at('to'))
      assert.equal(read('to'), 'new')
      assert.deepEqual(fs.list(subject.directory), ['to'])
    })

    test('renames a folder with its contents, and not over another', () => {
      fs.makeDirectory(at('from'))
      write('from/file', 'inside')
      fs.makeDirectory(at('taken'))
      write('taken/file', 'stays')
      assert.throws(() => fs.rename(at('from'), at('taken')), { code: 'IO' })
      fs.rename(at('from'), at('to'))
      assert.equal(read('to/file'), 'inside')
      assert.equal(read('taken/file'), 'stays')
      assert.equal(fs.exists(at('from')), false)
    })

    test('removes a folder when it is empty', () => {
      fs.makeDirectory(at('x'))
      write('x/file', '')
      failsWith('ENOTEMPTY', () => fs.removeDirectory(at('x')))
      fs.remove(at('x/file'))
      fs.removeDirectory(at('x'))
      assert.equal(fs.exists(at('x')), false)
      failsWith('ENOENT', () => fs.removeDirectory(at('x')))
    })

    test('links a second name to the same file', () => {
      write('one', 'x')
      fs.link(at('one'), at('two'))
      const file = fs.openForAppend(at('one'))
      file.append(Buffer.from('y'), 0, 1)
      file.close()
      assert.equal(read('two'), 'xy')
      fs.remove(at('one'))
      assert.equal(read('two'), 'xy')
    })

    test('renaming one name of a file to another name of it keeps both', () => {
      write('one', 'x')
      fs.link(at('one'), at('two'))
      fs.rename(at('one'), at('two'))
      assert.deepEqual(fs.list(subject.directory).sort(), ['one', 'two'])
    })

    test('refuses missing and taken names', () => {
      write('taken', 'x')
      failsWith('EEXIST', () => fs.create(at('taken')))
      failsWith('EEXIST', () => fs.link(at('taken'), at('taken')))
      failsWith('EEXIST', () => fs.makeDirectory(at('taken')))
      failsWith('ENOENT', () => fs.openForRead(at('missing')))
      failsWith('ENOENT', () => fs.openForAppend(at('missing')))
      failsWith('ENOENT', () => fs.create(at('missing/file')))
      failsWith('ENOENT', () => fs.rename(at('missing'), at('other')))
      failsWith('ENOENT', () => fs.link(at('missing'), at('other')))
      failsWith('ENOENT', () => fs.remove(at('missing')))
      failsWith('ENOENT', () => fs.list(at('missing')))
      failsWith('ENOENT', () => fs.realPath(at('missing')))
      failsWith('ENOENT', () => fs.syncDirectory(at('missing')))
      assert.equal(read('taken'), 'x')
    })

    test('all spellings of a path have one real path', () => {
      fs.makeDirectory(at('x'))
      assert.equal(fs.realPath(at('x/../x/')), fs.realPath(at('x')))
    })

    test('reports free space', () => {
      assert.ok(fs.freeBytes(subject.directory) > 0)
    })
  })
}
