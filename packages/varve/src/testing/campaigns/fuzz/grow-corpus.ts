// `npm run fuzz:corpus -- --seconds 60 --seed 1`: coverage-guided fuzzing of each decoder. It
// starts with files of sound databases, mutates them, and keeps each input that reaches new code,
// as measured by V8's block coverage. Kept inputs are written to testdata/fuzz.
import { readdirSync, readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Prng } from '../../../base/prng.js'
import { identityOf, LogPurpose } from '../../../log/log-format.js'
import { deflateCodec } from '../../../sstable/block/codec.js'
import { lz4hcCodec } from '../../../sstable/block/lz4-codec.js'
import { packBlock } from '../../../sstable/block/stored-block.js'
import {
  decodeFooter,
  footerBytes,
  handlesEnd,
  trailerBytes,
} from '../../../sstable/format/table-format.js'
import { expiringSample } from '../../harness/expiring-sample.js'
import { readBytes, sampleDatabase } from '../../harness/sample-database.js'
import { parseFileName } from '../../../store/file-names.js'
import { readCorpus, writeCorpus } from './corpus.js'
import { decoders, onlyVarveErrors } from './decoders.js'
import { mutateBytes } from './mutate-bytes.js'
import { bomb } from './mutate-table.js'
import { encodeLog, recordsOf } from './mutate-log.js'
import { takeApart } from './table-model.js'
import { seedFrom } from '../../../base/testing/seed.js'

/** Larger inputs add nothing and would bloat the repository. */
const maxInputBytes = 700
const maxInputs = 80
const bombs = 10

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(seedFrom(process.env) ?? 1) },
  },
})

/** The blocks of the engine's code that have run since the process began. */
class Coverage {
  private readonly seen = new Set<string>()
  private readonly session = new Session()

  async start(): Promise<void> {
    this.session.connect()
    await this.session.post('Profiler.enable')
    await this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Returns how many blocks ran for the first time since the last call. */
  async takeNew(): Promise<number> {
    const { result } = await this.session.post('Profiler.takePreciseCoverage')
    const before = this.seen.size
    for (const { scriptId, url, functions } of result) {
      if (!url.includes('/dist/') || url.includes('/testing/')) continue
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0) this.seen.add(`${scriptId} ${startOffset} ${endOffset} ${times(count)}`)
        }
      }
    }
    return this.seen.size - before
  }
}

/** Buckets an execution count: 1, 2 and many differ; 80 and 81 do not. */
function times(count: number): number {
  return Math.min(Math.floor(Math.log2(count)), 4)
}

const soundLock = JSON.stringify({
  pid: 1,
  startTime: '',
  bootId: '',
  pidNamespace: '',
  hostname: 'h',
  threadId: 0,
  token: 't',
  sinceMs: 1,
})

/** A database with entries that expire, small enough to use its files as inputs unchanged. */
const fixture = fileURLToPath(new URL('../../../../testdata/format-1-expiring/', import.meta.url))

const coverage = new Coverage()
await coverage.start()
const random = new Prng(Number(values.seed))
const fixed = fixtureInputs()
for (const [name, inputs] of Object.entries(await soundInputs())) {
  await grow(name, fixed[name], inputs)
}

async function grow(name: string, fixed: readonly Buffer[], sound: readonly Buffer[]) {
  const decode = decoders[name]
  const kept: Buffer[] = []
  const keep = (input: Buffer): void => {
    if (!kept.some((other) => other.equals(input))) kept.push(input)
  }
  const attempt = async (input: Buffer): Promise<void> => {
    if (input.length > maxInputBytes || kept.length >= maxInputs) return
    onlyVarveErrors(() => decode(input))
    if ((await coverage.takeNew()) > 0) keep(input)
  }
  // Corpus inputs stay whatever they cover now, because some of them once caused harm.
  for (const input of [...readCorpus(name), ...fixed]) {
    onlyVarveErrors(() => decode(input))
    keep(input)
  }
  await coverage.takeNew()
  for (const input of sound) await attempt(input)
  if (kept.length === 0) kept.push(...sound.slice(0, 1))
  const endMs = Date.now() + (Number(values.seconds) * 1000) / Object.keys(decoders).length
  let tried = 0
  for (; Date.now() < endMs; tried++) await attempt(mutateBytes(random.pick(kept), random))
  writeCorpus(name, kept)
  console.log(`${name}: ${kept.length} inputs from ${tried} mutations`)
}

function fixtureInputs(): Record<string, Buffer[]> {
  const inputs = noInputs()
  for (const name of readdirSync(fixture)) addFile(inputs, name, readFileSync(`${fixture}${name}`))
  return inputs
}

/** Inputs for each decoder, taken from the files of sound databases. */
async function soundInputs(): Promise<Record<string, Buffer[]>> {
  const inputs = noInputs()
  const options = { codec: 'none', blockBytes: 256 } as const
  const samples = [1, 2, 3].map((seed) => sampleDatabase(seed, options, undefined, 60))
  samples.push(...[4, 5].map((seed) => expiringSample(seed, options, 60)))
  for (const { fs } of await Promise.all(samples)) {
    for (const name of fs.list('/db')) addFile(inputs, name, readBytes(fs, name))
  }
  inputs.lock.push(Buffer.from(soundLock))
  for (let i = 0; i < bombs; i++) {
    const { payload, codecId } = bomb(random)
    inputs.compressed.push(Buffer.concat([payload, Buffer.of(codecId)]))
  }
  return inputs
}

function noInputs(): Record<string, Buffer[]> {
  return Object.fromEntries(Object.keys(decoders).map((name): [string, Buffer[]] => [name, []]))
}

function addFile(inputs: Record<string, Buffer[]>, name: string, bytes: Buffer): void {
  const kind = parseFileName(name)?.kind
  if (kind === 'current' || kind === 'lock') inputs[kind].push(bytes)
  else if (kind === 'table') addTable(inputs, bytes)
  else if (kind === 'log') addLog(inputs, bytes, LogPurpose.writeAhead)
  else if (kind === 'manifest') addLog(inputs, bytes, LogPurpose.manifest)
}

function addTable(inputs: Record<string, Buffer[]>, bytes: Buffer): void {
  const table = takeApart(bytes)
  if (table === undefined) return
  for (const { payload } of table.blocks) {
    inputs.block.push(payload)
    for (const codec of [deflateCodec, lz4hcCodec]) {
      const packed = packBlock(payload, codec)
      inputs.compressed.push(Buffer.concat([packed.payload, Buffer.of(packed.codecId)]))
    }
  }
  inputs.filter.push(table.filter.payload)
  inputs.rangeDeletes.push(table.rangeDeletes.payload)
  inputs.properties.push(table.properties.payload)
  inputs.footer.push(bytes.subarray(-footerBytes, -footerBytes + handlesEnd))
  const { filter, index } = decodeFooter(bytes.subarray(-footerBytes), bytes.length, '')
  const about = Buffer.alloc(8)
  about.writeUInt32LE(table.blocks.length)
  about.writeUInt32LE(filter.offset, 4)
  const indexEnd = index.offset + index.sizeBytes - trailerBytes
  inputs.index.push(Buffer.concat([about, bytes.subarray(index.offset, indexEnd)]))
}

function addLog(inputs: Record<string, Buffer[]>, bytes: Buffer, purpose: LogPurpose): void {
  const isManifest = purpose === LogPurpose.manifest
  const { fileNumber } = identityOf(bytes)!
  const records = recordsOf(bytes, purpose, fileNumber)
  inputs[isManifest ? 'edit' : 'batch'].push(...records.map(({ payload }) => payload))
  const short = records.filter(({ payload }) => payload.length < maxInputBytes / 4).slice(0, 4)
  inputs[isManifest ? 'manifest' : 'log'].push(encodeLog(short, purpose, fileNumber))
}
