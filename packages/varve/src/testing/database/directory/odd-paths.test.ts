import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { FaultyFileSystem } from '../../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { destroy, open, VarveError } from '../../../index.js'
import {
  backup,
  describeDirectory,
  dump,
  repair,
  restoreBackup,
  verify,
} from '../../../tools/index.js'

const isLinux = process.platform === 'linux'

function temporary(context: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'varve-paths-'))
  context.after(() => rmSync(root, { recursive: true, force: true }))
  return root
}

/** A folder with a file, a dangling link, and links in a loop. */
function oddRoot(context: TestContext): string {
  const root = temporary(context)
  writeFileSync(join(root, 'file'), 'text')
  symlinkSync(join(root, 'nothing'), join(root, 'dangling'))
  symlinkSync(join(root, 'loop b'), join(root, 'loop a'))
  symlinkSync(join(root, 'loop a'), join(root, 'loop b'))
  return root
}

const failure =
  (code: string, message: RegExp, systemCode?: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof VarveError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    if (systemCode !== undefined) assert.equal(error.systemCode, systemCode, error.message)
    return true
  }

for (const [name, message, systemCode] of [
  ['file/db', /file\/db: ENOTDIR \(part of the path is a file/, 'ENOTDIR'],
  ['file/a/b', /file\/a.*ENOTDIR/, 'ENOTDIR'],
  ['dangling', /dangling: it is a symbolic link to a path that does not exist/, 'ENOENT'],
  ['dangling/db', /dangling: it is a symbolic link to a path that does not exist/, 'ENOENT'],
  ['loop a', /loop a: ELOOP \(symbolic links lead in a circle\)/, 'ELOOP'],
  ['loop a/db', /loop a.*: ELOOP/, 'ELOOP'],
  ['a\0b', /a\0b/, undefined],
] as const) {
  test(`open refuses ${JSON.stringify(name)} and creates nothing`, async (context) => {
    const root = oddRoot(context)
    const before = readdirSync(root)
    await assert.rejects(open(join(root, name)), failure('IO', message, systemCode))
    assert.deepEqual(readdirSync(root), before)
    const readOnly = open(join(root, name), { readOnly: true })
    await assert.rejects(readOnly, failure('INVALID_ARGUMENT', /holds no database; check the path/))
    await destroy(join(root, name))
  })
}

for (const path of ['/proc/nope/db', '/proc/nope', '/proc/self/nope', '/sys/nope/a/b']) {
  test(`open refuses ${path}`, { skip: !isLinux && 'only Linux has it' }, async () => {
    await assert.rejects(open(path), failure('IO', /cannot create directory|cannot write to/))
  })
}

test('checkpoint, backup and restore refuse a target that cannot be created', async (context) => {
  const root = oddRoot(context)
  const db = await open(join(root, 'db'))
  await db.put('k', 'v')
  const targets = ['file/copy', 'dangling/copy', 'loop a/copy'].map((name) => join(root, name))
  if (isLinux) targets.push('/proc/nope/copy')
  for (const target of targets) {
    await assert.rejects(db.checkpoint(target), failure('IO', /cannot create directory/))
    await assert.rejects(db.backup(target), failure('IO', /cannot create directory/))
    await assert.rejects(backup(join(root, 'db'), target), failure('IO', /cannot create directory/))
  }
  await db.backup(join(root, 'backups'))
  for (const target of targets) {
    const restore = restoreBackup(join(root, 'backups'), target)
    await assert.rejects(restore, failure('IO', /cannot create directory/))
  }
  await db.close()
})

test('a file in place of a directory is reported as one', async (context) => {
  const path = join(oddRoot(context), 'file')
  const isRefused = failure('INVALID_ARGUMENT', /file is a file; a database is a directory/)
  await assert.rejects(open(path), isRefused)
  await assert.rejects(open(path, { readOnly: true }), isRefused)
  await assert.rejects(destroy(path), isRefused)
  await assert.rejects(verify(path), isRefused)
  await assert.rejects(repair(path), isRefused)
  await assert.rejects(backup(path, `${path}.backups`), isRefused)
  assert.throws(() => [...dump(path, 'CURRENT')], isRefused)
  await assert.rejects(async () => describeDirectory(path), isRefused)
})

test('readOnly does not suggest creating a database', async (context) => {
  const root = temporary(context)
  for (const path of [root, join(root, 'missing')]) {
    const readOnly = open(path, { readOnly: true })
    await assert.rejects(readOnly, failure('INVALID_ARGUMENT', /check the path/))
    const existing = open(path, { createIfMissing: false })
    await assert.rejects(existing, failure('INVALID_ARGUMENT', /createIfMissing: true to create/))
  }
})

for (const systemCode of ['EROFS', 'EACCES', 'EPERM']) {
  test(`a directory that cannot be written to (${systemCode}) suggests readOnly`, async () => {
    const memory = new MemoryFileSystem()
    const inMemory = { fileSystem: memory, background: 'inline' } as const
    await (await open('/db', inMemory)).close()
    memory.makeDirectory('/empty')
    const fileSystem = new FaultyFileSystem(memory, ({ kind }) =>
      kind === 'create' || kind === 'makeDirectory' ? { systemCode } : undefined,
    )
    const options = { ...inMemory, fileSystem }
    await assert.rejects(open('/db', options), failure('IO', /readOnly: true/, systemCode))
    await assert.rejects(open('/empty', options), failure('IO', /choose a directory/, systemCode))
    await assert.rejects(open('/new', options), failure('IO', /\/new: E[A-Z]+ \(/, systemCode))
    await (await open('/db', { ...options, readOnly: true })).close()
  })
}

test('a second open in a process is reported as one', async (context) => {
  const path = join(temporary(context), 'db')
  const db = await open(path)
  await assert.rejects(
    open(path),
    failure('LOCKED', /already open in this process .*close it first/),
  )
  const reader = await open(path, { readOnly: true })
  await db.close()
  await assert.rejects(destroy(path), failure('LOCKED', /already being read in this process/))
  await reader.close()
  await destroy(path)
})

test('a directory renamed while open is free after close', async (context) => {
  const root = temporary(context)
  const [from, to] = [join(root, 'from'), join(root, 'to')]
  const db = await open(from)
  await db.put('k', 'v')
  renameSync(from, to)
  await assert.rejects(open(to), failure('LOCKED', /this process/))
  // The old directory no longer exists, so the name of the log cannot become durable.
  await assert.rejects(db.close(), failure('IO', /from is closed, but/))
  const again = await open(to)
  assert.equal(await again.get('k'), 'v')
  await again.close()

  const reader = await open(to, { readOnly: true })
  renameSync(to, from)
  await reader.close()
  await destroy(from)
  assert.deepEqual(readdirSync(from), [])
})

test('a renamed and replaced directory stays separate from the new one', async (context) => {
  const root = temporary(context)
  const [from, to] = [join(root, 'from'), join(root, 'to')]
  const db = await open(from)
  await db.put('k', 'v')
  renameSync(from, to)
  mkdirSync(from)
  await assert.rejects(open(from), failure('LOCKED', /this process/))
  await db.close()
  await (await open(from)).close()
  const again = await open(to)
  assert.equal(await again.get('k'), 'v')
  await again.close()
})
