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

// After any damage to a file, every read returns the right answer or an error that names the file.
// The end of a log is the one exception. A crash can lose the unsynced end, so damage there can
// look like an interrupted write. Reads then return the answers of an earlier state.

type Outcome = 'right' | 'refused' | 'earlier'

let tiny: TinyDatabase
before(async () => {
  tiny = await tinyDatabase()
})

/** Applies a change to copies of databases and checks the answers to reads. */
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

test('the undamaged tiny database reads correctly', async () => {
  for (const fs of [tiny.closed, tiny.killed]) {
    assert.equal(await outcomeOf(copyOf({ fs })), 'right')
  }
})

/** Bits of each byte that are flipped with reads only. One more is flipped with a writable open. */
const readOnlyBits = campaignSize(1, 7)

test('a flipped bit in each byte of each file never gives a wrong answer', async () => {
  for (const name of fileNames()) {
    const { length } = readBytes(tiny.killed, name)
    // The tables and the MANIFEST are the same in both databases.
    const isOwn = isLog(name) || name === 'LOCK'
    const databases = isOwn ? [tiny.closed, tiny.killed] : [tiny.closed]
    for (let bit = 0; bit < length * 8; bit++) {
      const [at, which] = [bit >> 3, bit & 7]
      // A writable open takes longer, so only one bit of each byte gets it.
      const readOnly = which !== at % 8
      if ((which - at + 8 * length) % 8 > readOnlyBits) continue
      const what = `bit ${which} of byte ${at} of ${name}`
      await check(what, name, (fs) => flip(fs, name, bit), readOnly, databases)
    }
  }
  assert.ok(counts.refused > counts.right, 'most bits of a table matter')
})

const fileNames = (): string[] => tiny.killed.list(samplePath).sort()

function flip(fs: MemoryFileSystem, name: string, bit: number): void {
  const bytes = readBytes(fs, name)
  if (bit >> 3 < bytes.length) bytes[bit >> 3] ^= 1 << (bit & 7)
  replaceBytes(fs, name, bytes)
}

test('verify finds a flipped bit in each byte', async () => {
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

test('a file truncated at any byte never gives a wrong answer', async () => {
  for (const name of fileNames()) {
    const { length } = readBytes(tiny.killed, name)
    for (let size = 0; size < length; size++) {
      await check(`${name} cut at ${size}`, name, (fs) => {
        replaceBytes(fs, name, readBytes(fs, name).subarray(0, size))
      })
    }
  }
})

test('a missing, replaced or swapped file never gives a wrong answer', async () => {
  for (const name of fileNames()) {
    await check(`without ${name}`, name, (fs) => fs.remove(`${samplePath}/${name}`))
    for (const other of fileNames().filter((each) => each !== name)) {
      const bytes = readBytes(tiny.killed, name)
      await check(`${name} in place of ${other}`, other, (fs) => replaceBytes(fs, other, bytes))
      await check(`${name} and ${other} exchanged`, other, (fs) => {
        replaceBytes(fs, name, readBytes(fs, other))
        replaceBytes(fs, other, bytes)
      })
    }
  }
})

test('a copy of any file under an unused name never gives a wrong answer', async () => {
  for (const name of fileNames()) {
    for (const free of ['000777.sst', 'MANIFEST-000777', '000777.sst.tmp', 'x']) {
      await check(`${name} as ${free}`, name, (fs) => replaceBytes(fs, free, readBytes(fs, name)))
    }
    // A plausible number for a newer log, but the content does not match: it must not be replayed.
    await check(`${name} as 000777.log`, name, (fs) => {
      replaceBytes(fs, '000777.log', readBytes(fs, name))
    })
  }
})
