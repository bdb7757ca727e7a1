import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { open, VarveError } from 'varve'
import { temporaryFolder, varveIn } from '../testing/run-varve.js'

type Files = Readonly<Record<string, string | Buffer>>

const lmdbFile = Buffer.alloc(4096)
lmdbFile.writeUInt32LE(0xbeefc0de, 16)

const levelDb: Files = {
  CURRENT: 'MANIFEST-000007\n',
  'MANIFEST-000007': Buffer.from('\x01\x1aleveldb.BytewiseComparator\x02\x00\x03\x02', 'latin1'),
  '000008.log': '',
  LOCK: '',
  LOG: '',
}

const foreign: Readonly<Record<string, Files>> = {
  LevelDB: levelDb,
  'LevelDB without CURRENT': { '000005.ldb': 'table', '000008.log': '', LOG: '' },
  RocksDB: { ...levelDb, IDENTITY: 'id', 'OPTIONS-000009': '' },
  LMDB: { 'data.mdb': lmdbFile, 'lock.mdb': '' },
  SQLite: { 'app.sqlite': 'SQLite format 3\0', 'app.sqlite-wal': '' },
}

/**
 * What each command is given besides `--db`. `@` is replaced with the directory of the other
 * engine.
 */
const commands: readonly (readonly [args: readonly string[], input?: string])[] = [
  [['put', 'a', '1']],
  [['get', 'a']],
  [['del', 'a']],
  [['scan']],
  [['count']],
  [['clear', '--all']],
  [['import', '-'], '{"key":"a","value":"1"}\n'],
  [['export', '-']],
  [['stats']],
  [['levels']],
  [['keyspaces']],
  [['explain', 'a']],
  [['flush']],
  [['compact']],
  [['dump', 'CURRENT']],
  [['verify']],
  [['repair']],
  [['repair', '--apply']],
  [['backup', '@', '@.backups']],
  [['shell'], 'get a'],
  [['inspect']],
]

/** Commands that take other directories than that of a database. */
const notOnDatabases = new Set(['restore', 'backups', 'simulate', 'help'])

function write(t: TestContext, files: Files): { folder: string; directory: string } {
  const folder = temporaryFolder(t)
  const directory = join(folder, 'data')
  mkdirSync(directory)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  return { folder, directory }
}

/** The message of `open`; undefined: it would make a database there. */
async function explanationOf(directory: string): Promise<string | undefined> {
  try {
    await (await open(directory, { readOnly: true })).close()
    return undefined
  } catch (error) {
    return error instanceof VarveError && error.code === 'UNSUPPORTED_FORMAT'
      ? error.message
      : undefined
  }
}

test('the list of commands is complete', async (t) => {
  const { out } = await varveIn(temporaryFolder(t))(['--help'])
  const section = out.slice(out.indexOf('Commands:'), out.indexOf('Examples:'))
  const names = [...section.matchAll(/^ {2}([a-z]+)(?= )/gm)].map(([, name]) => name)
  assert.ok(names.length > 15, section)
  const listed = new Set(commands.map(([[name]]) => name))
  const missing = names.filter((name) => !listed.has(name) && !notOnDatabases.has(name))
  assert.deepEqual(missing, [])
})

for (const [engine, files] of Object.entries(foreign)) {
  test(`every command explains a directory of ${engine}, and changes nothing`, async (t) => {
    const { folder, directory } = write(t, files)
    const varve = varveIn(folder)
    const explanation = await explanationOf(directory)
    assert.equal(explanation === undefined, engine === 'SQLite')
    for (const [args, input] of commands) {
      const filled = args.map((argument) => argument.replace('@', directory))
      const { exit, out, err } = await varve(filled, input)
      const command = args.join(' ')
      assert.notEqual(exit, 0, command)
      assert.equal(out, '', command)
      if (explanation !== undefined) assert.equal(err, `varve: ${explanation}\n`, command)
      else assert.match(err, /holds no (database|file that is known)|CURRENT: ENOENT/, command)
    }
    assert.deepEqual(readdirSync(directory).sort(), Object.keys(files).sort())
    for (const [name, content] of Object.entries(files)) {
      assert.ok(readFileSync(join(directory, name)).equals(Buffer.from(content)), name)
    }
    assert.deepEqual(readdirSync(folder), ['data'])
  })
}

test('every command explains a file', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'data'), 'a file')
  const varve = varveIn(folder)
  for (const [args, input] of commands) {
    const filled = args.map((argument) => argument.replace('@', join(folder, 'data')))
    const { exit, err } = await varve(filled, input)
    assert.notEqual(exit, 0, args.join(' '))
    assert.match(err, /data is a file; a database is a directory/, args.join(' '))
  }
})
