import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { VarveError } from '../../../base/errors.js'
import { Prng } from '../../../base/prng.js'
import type { OpenOptions } from '../../../db/api.js'
import { verify } from '../../../tools/verify/verify.js'
import { type BinaryDatabase, bytes, latin1, openBinary } from '../../harness/comparison.js'

const MiB = 1024 * 1024
const ballastBytes = 2 * MiB
const refusalsInARow = 30
/** Flushes retry with pauses, so writes need time to recover once the disk has room again. */
const maxAttempts = 2000
const attemptMs = 30

const options: OpenOptions = {
  memtableBytes: 64 * 1024,
  tableBytes: 64 * 1024,
  maxStallMs: 300,
  compaction: { policy: 'leveled', l0Trigger: 2, baseBytes: 128 * 1024, sizeRatio: 3 },
}

/**
 * Small file systems that really fill up. Each function returns why it cannot mount, or undefined.
 */
const fileSystems: Record<string, (folder: string) => string | undefined> = {
  tmpfs: (folder) => refusal('mount', '-t', 'tmpfs', '-o', 'size=6m', 'none', folder),
  ext4(folder) {
    const image = `${folder}.image`
    writeFileSync(image, Buffer.alloc(8 * MiB))
    return (
      refusal('mkfs.ext4', '-q', '-F', '-O', '^has_journal', image) ??
      refusal('mount', '-o', 'loop', image, folder)
    )
  },
}

function refusal(command: string, ...args: string[]): string | undefined {
  const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (error !== undefined) return `${command} cannot be run: ${error.message}`
  return status === 0 ? undefined : `${command} refuses: ${stderr.trim()}`
}

for (const [name, background] of [
  ['tmpfs', 'inline'],
  ['ext4', 'thread'],
] as const) {
  test(`a real ${name} that fills up, ${background}`, async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'varve-full-'))
    t.after(() => rmSync(root, { recursive: true, force: true }))
    const folder = join(root, 'disk')
    mkdirSync(folder)
    const whyNot = fileSystems[name](folder)
    if (whyNot !== undefined) return t.skip(whyNot)
    // The folder must not be removed before this, even when the test fails.
    try {
      await fillUp(folder, { ...options, background })
    } finally {
      // Lazily, because a failed test may leave files open. Its own error should be the one
      // reported.
      assert.equal(refusal('umount', '-l', folder), undefined)
    }
  })
}

async function fillUp(folder: string, options: OpenOptions): Promise<void> {
  const ballast = join(folder, 'ballast')
  writeFileSync(ballast, Buffer.alloc(ballastBytes, 1))
  const writer = new Writer(await openBinary(join(folder, 'db'), options))
  let refusals = 0
  while (refusals < refusalsInARow) refusals = (await writer.put()) ? 0 : refusals + 1
  // The engine refuses jobs before they fill the disk. The rest depends on the size of the next
  // job.
  const { bavail, bsize } = statfsSync(folder)
  assert.ok(bavail * bsize < 2 * ballastBytes, `${bavail * bsize} bytes are left`)
  assert.ok(writer.codes.has('IO'), [...writer.codes].join())
  writer.checkReads()

  rmSync(ballast)
  // A sync that fails on a full disk poisons the database. Only reopening it helps.
  for (let i = 0; !writer.isPoisoned && !(await writer.put()); i++) {
    assert.ok(i < maxAttempts, 'no write succeeds although there is room')
    await delay(attemptMs)
  }
  writer.checkReads()
  await writer.db.close().catch(() => {})
  const { problems } = await verify(join(folder, 'db'))
  assert.deepEqual(problems, [])
  writer.db = await openBinary(join(folder, 'db'), options)
  writer.checkReads()
  for (let i = 0; i < 10; i++) assert.ok(await writer.put(), 'a write after reopening')
  await writer.db.close()
}

/** Overwrites keys with incompressible values and records which writes were acknowledged. */
class Writer {
  readonly codes = new Set<string>()
  private readonly random = new Prng(1)
  private readonly acknowledged = new Map<string, Buffer>()
  /** Values refused with an unknown outcome. Reads may find them or the previous value. */
  private readonly unknown = new Map<string, Buffer>()

  constructor(public db: BinaryDatabase) {
    db.on('error', () => {})
  }

  get isPoisoned(): boolean {
    return this.codes.has('POISONED')
  }

  async put(): Promise<boolean> {
    const { random } = this
    const key = `k${random.below(6000)}`
    const value = random.bytes(random.between(500, 2000))
    try {
      await this.db.put(bytes(key), value, { sync: random.chance(0.01) })
      this.acknowledged.set(key, value)
      this.unknown.delete(key)
      return true
    } catch (error) {
      assert.ok(error instanceof VarveError && tolerated.has(error.code), String(error))
      this.codes.add(error.code)
      if (error.code === 'POISONED') this.unknown.set(key, value)
      return false
    }
  }

  checkReads(): void {
    const found = new Map([...this.db.entries()].map(([key, value]) => [latin1(key), value]))
    for (const [key, value] of this.acknowledged) {
      const there = found.get(key)
      const possible = [value, this.unknown.get(key)]
      const isThere = there !== undefined && possible.some((each) => each?.equals(there))
      assert.ok(isThere, `${key} does not have the acknowledged value`)
    }
    for (const key of found.keys()) {
      assert.ok(this.acknowledged.has(key) || this.unknown.has(key), `${key} was refused`)
    }
  }
}

const tolerated: ReadonlySet<string> = new Set(['IO', 'ABORTED', 'POISONED'])
