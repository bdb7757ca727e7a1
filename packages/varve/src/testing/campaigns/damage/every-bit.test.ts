import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { VarveError } from '../../../base/errors.js'
import { Prng } from '../../../base/prng.js'
import type { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { copyOf, readBytes, replaceBytes, samplePath } from '../../harness/sample-database.js'
import { verify } from '../../../tools/verify/verify.js'
import { type BinaryDatabase, bytes, latin1, openBinary } from '../../harness/comparison.js'
import type { OracleState } from '../../kit/oracle.js'
import { type TinyDatabase, tinyDatabase, tinyDatabaseOptions, tinyKeys } from './tiny-database.js'
import { campaignSize } from '../../kit/campaign-size.js'

// Whatever happens to a file, every answer is right or an error that names the file. There is one
// exception: the end of a log. What was not synced there may be gone after a crash, so damage to it can
// look like a write that never ended; then the answers are those of an earlier moment.

type Outcome = 'right' | 'refused' | 'earlier'

let tiny: TinyDatabase
before(async () => {
  tiny = await tinyDatabase()
})

/** Applies a change to copies of databases, and looks what is read of them. */
async function check(
  what: string,
  name: string,
  change: (fs: MemoryFileSystem) => void,
  readOnly = false,
  databases = [tiny.closed, tiny.killed],
): Promise<void> {
  for (const whole of databases) {
    const fs = copyOf({ fs: whole })
    if (!fs.exists(`${samplePath}/${name}`)) continue
    change(fs)
    let outcome: Outcome
    try {
      outcome = await outcomeOf(fs, readOnly)
    } catch (cause) {
      throw new Error(`wrong after: ${what}`, { cause })
    }
    assert.ok(outcome !== 'earlier' || isLog(name), `${what} goes unseen`)
    counts[outcome]++
  }
}

const counts: Record<Outcome, number> = { right: 0, refused: 0, earlier: 0 }

async function outcomeOf(fs: MemoryFileSystem, readOnly = false): Promise<Outcome> {
  const possible = new Set(tiny.states)
  let isRefused = false
  const attempt = async (run: () => void | Promise<void>): Promise<void> => {
    try {
      await run()
    } catch (error) {
      if (!(error instanceof VarveError) || !refusals.has(error.code)) throw error
      isRefused = true
    }
  }
  let db: BinaryDatabase | undefined
  await attempt(async () => {
    db = await openBinary(samplePath, { ...tinyDatabaseOptions, fileSystem: fs, readOnly })
  })
  if (db === undefined) return 'refused'
  const { length } = tiny.states
  const keep = (fits: (state: OracleState) => boolean): void => {
    for (const state of possible) if (!fits(state)) possible.delete(state)
    assert.ok(possible.size > 0, 'an answer that was never right')
  }
  for (const key of tinyKeys) {
    await attempt(() => {
      const value = db!.getSync(bytes(key))
      keep((state) => sameBytes(value, state.get(key)))
    })
  }
  for (const reverse of [false, true]) {
    await attempt(() => {
      const found = [...db!.entries({ reverse })].map(([key, value]) => [latin1(key), value])
      keep((state) => sameEntries(found as [string, Uint8Array][], state.scan({ reverse })))
    })
  }
  await attempt(() => db!.close())
  if (isRefused) return 'refused'
  return possible.has(tiny.states[length - 1]) ? 'right' : 'earlier'
}

const refusals: ReadonlySet<string> = new Set(['CORRUPTION', 'UNSUPPORTED_FORMAT', 'IO'])

function sameBytes(found: Uint8Array | undefined, expected: Buffer | undefined): boolean {
  return found === undefined ? expected === undefined : expected?.equals(found) === true
}

function sameEntries(found: [string, Uint8Array][], expected: [string, Buffer][]): boolean {
  const isSame = ([key, value]: [string, Uint8Array], i: number): boolean =>
    key === expected[i][0] && sameBytes(value, expected[i][1])
  return found.length === expected.length && found.every(isSame)
}

const isLog = (name: string): boolean => name.endsWith('.log')

test('the tiny database is read as it is', async () => {
  for (const fs of [tiny.closed, tiny.killed]) {
    assert.equal(await outcomeOf(copyOf({ fs })), 'right')
  }
})

/** How many bits of each byte are flipped with reads only; one more with all that opening writes. */
const readOnlyBits = campaignSize(1, 7)

test('bits of each byte of each file, flipped', async () => {
  for (const name of fileNames()) {
    const { length } = readBytes(tiny.killed, name)
    // Tables and MANIFEST are the same in both.
    const isOwn = isLog(name) || name === 'LOCK'
    const databases = isOwn ? [tiny.closed, tiny.killed] : [tiny.closed]
    for (let bit = 0; bit < length * 8; bit++) {
      const [at, which] = [bit >> 3, bit & 7]
      // One bit of each byte with all that opening writes, too; the others in less time.
      const readOnly = which !== at % 8
      if ((which - at + 8 * length) % 8 > readOnlyBits) continue
      const what = `bit ${which} of byte ${at} of ${name}`
      await check(what, name, (fs) => flip(fs, name, bit), readOnly, databases)
    }
  }
  assert.ok(counts.refused > counts.right, 'most bits of a table count')
})

const fileNames = (): string[] => tiny.killed.list(samplePath).sort()

function flip(fs: MemoryFileSystem, name: string, bit: number): void {
  const bytes = readBytes(fs, name)
  if (bit >> 3 < bytes.length) bytes[bit >> 3] ^= 1 << (bit & 7)
  replaceBytes(fs, name, bytes)
}

test('verify finds a flipped bit of each byte', async () => {
  const random = new Prng(1)
  const { closed } = tiny
  for (const name of closed.list(samplePath)) {
    const { length } = readBytes(closed, name)
    for (let at = 0; at < length; at++) {
      const fs = copyOf({ fs: closed })
      flip(fs, name, at * 8 + random.below(8))
      const { problems, remarks } = await verify(samplePath, { fileSystem: fs })
      assert.ok(problems.length + remarks.length > 0, `byte ${at} of ${name}`)
    }
  }
})

test('each file, cut at each byte', async () => {
  for (const name of fileNames()) {
    const { length } = readBytes(tiny.killed, name)
    for (let size = 0; size < length; size++) {
      await check(`${name} cut at ${size}`, name, (fs) => {
        replaceBytes(fs, name, readBytes(fs, name).subarray(0, size))
      })
    }
  }
})

test('each file, missing, or in the place of another, or both exchanged', async () => {
  for (const name of fileNames()) {
    await check(`without ${name}`, name, (fs) => fs.remove(`${samplePath}/${name}`))
    for (const other of fileNames().filter((each) => each !== name)) {
      const bytes = readBytes(tiny.killed, name)
      await check(`${name} in the place of ${other}`, other, (fs) => replaceBytes(fs, other, bytes))
      await check(`${name} and ${other} exchanged`, other, (fs) => {
        replaceBytes(fs, name, readBytes(fs, other))
        replaceBytes(fs, other, bytes)
      })
    }
  }
})

test('each file, once more under a name that is free', async () => {
  for (const name of fileNames()) {
    for (const free of ['000777.sst', 'MANIFEST-000777', '000777.sst.tmp', 'x']) {
      await check(`${name} as ${free}`, name, (fs) => replaceBytes(fs, free, readBytes(fs, name)))
    }
    // A log behind the last one, which could be: it must not be taken for one.
    await check(`${name} as 000777.log`, name, (fs) => {
      replaceBytes(fs, '000777.log', readBytes(fs, name))
    })
  }
})
