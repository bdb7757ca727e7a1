import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { verify } from '../../../tools/verify/verify.js'
import { latin1, openBinary } from '../../harness/comparison.js'
import { injectedOptions, keyOfWrite, valueOfWrite } from './injected-writes.js'

const childPath = fileURLToPath(new URL('./injected-child.js', import.meta.url))

/** The n-th of these system calls fails; with a plus sign, all later ones fail too. */
const faults: Readonly<Record<string, readonly string[]>> = {
  'syncs of files': ['1', '3', '8', '14', '30+'].map((n) => `fdatasync:error=EIO:when=${n}`),
  'syncs of the directory': ['1', '4', '6', '9'].map((n) => `fsync:error=EIO:when=${n}`),
  writes: ['1', '7', '20', '33+'].map((n) => `pwrite64:error=EIO:when=${n}`),
  'writes to a full disk': ['10', '24', '40+'].map((n) => `pwrite64:error=ENOSPC:when=${n}`),
  renames: ['2', '3', '4+'].map((n) => `rename:error=EIO:when=${n}`),
  // A failed write is undone by truncating the log. If that fails too, the outcome is unknown.
  'writes that cannot be undone': ['20', '31'].map(
    (n) => `pwrite64:error=EIO:when=${n} ftruncate:error=EIO:when=1+`,
  ),
}

interface Told {
  readonly acknowledged: number[]
  /** Writes refused with an unknown outcome: they may be on disk. */
  readonly unknown: number[]
  readonly failures: number
}

const whyNot = straceProblem()

for (const [name, injections] of Object.entries(faults)) {
  test(`system calls that fail: ${name}`, { skip: whyNot }, async (t) => {
    let failures = 0
    for (const injection of injections) {
      const directory = mkdtempSync(join(tmpdir(), 'varve-injected-'))
      t.after(() => rmSync(directory, { recursive: true, force: true }))
      const told = runInjected(directory, injection)
      failures += told.failures
      await requireAcknowledged(directory, told).catch((cause: unknown) => {
        throw new Error(injection, { cause })
      })
    }
    assert.ok(failures > 0, 'none of the faults hit a write')
  })
}

test('a failed sync of the log is followed by POISONED', { skip: whyNot }, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'varve-injected-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const lines = linesOf(directory, 'fdatasync:error=EIO:when=6')
  const first = lines.findIndex((line) => line.startsWith('refused'))
  assert.ok(first > 0, lines.join())
  assert.ok(
    lines.slice(first + 1).every((line) => line.includes('POISONED')),
    lines.join(),
  )
})

function straceProblem(): string | false {
  if (process.platform !== 'linux') return 'strace is for Linux'
  const tried = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true'])
  if (tried.error !== undefined) return 'strace is not installed'
  return tried.status === 0 ? false : 'strace is not allowed to trace processes here'
}

function runInjected(directory: string, injection: string): Told {
  const told = { acknowledged: [] as number[], unknown: [] as number[], failures: 0 }
  for (const line of linesOf(directory, injection)) {
    const [what, number, code] = line.split(' ')
    if (what !== 'acknowledged') told.failures++
    if (what === 'acknowledged') told.acknowledged.push(Number(number))
    else if (what === 'refused' && code === 'POISONED') told.unknown.push(Number(number))
  }
  return told
}

function linesOf(directory: string, injection: string): string[] {
  const injections = injection.split(' ').flatMap((each) => ['-e', `inject=${each}`])
  const strace = ['-f', '-qq', '-o', '/dev/null', ...injections]
  const { stdout, stderr, status } = spawnSync(
    'strace',
    [...strace, process.execPath, childPath, directory],
    { encoding: 'utf8' },
  )
  assert.equal(status, 0, stderr)
  return stdout.split('\n').slice(0, -1)
}

/** All acknowledged writes must be there. Only writes with an unknown outcome may be there too. */
async function requireAcknowledged(directory: string, told: Told): Promise<void> {
  const db = await openBinary(directory, injectedOptions)
  const found = [...db.entries()].map(([key, value]) => {
    const i = Number(latin1(key).slice('key:'.length))
    assert.ok(latin1(key) === keyOfWrite(i) && valueOfWrite(i).equals(value), latin1(key))
    return i
  })
  await db.close()
  assert.deepEqual(
    found.filter((i) => !told.unknown.includes(i)),
    told.acknowledged,
  )
  const { problems } = await verify(directory)
  assert.deepEqual(problems, [])
}
