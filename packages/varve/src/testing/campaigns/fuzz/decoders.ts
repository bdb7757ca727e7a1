import { crc32 } from '../../../base/bytes/checksum.js'
import { VarveError } from '../../../base/errors.js'
import { Prng } from '../../../base/prng.js'
import { readU64 } from '../../../base/bytes/u64.js'
import { BatchReader } from '../../../batch/batch-reader.js'
import { decodeLockRecord } from '../../../fs/lock/lock-owner.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { RangeTombstones } from '../../../key/range-tombstone.js'
import { identityOf, LogPurpose } from '../../../log/log-format.js'
import { LogReader } from '../../../log/log-reader.js'
import { BlockCheck } from '../../../sstable/salvage/block-check.js'
import { Block } from '../../../sstable/block/block.js'
import { BloomFilter } from '../../../sstable/format/bloom-filter.js'
import { CodecRegistry } from '../../../sstable/block/codec.js'
import { EntryPlace } from '../../../sstable/block/entry-place.js'
import { decodeProperties } from '../../../sstable/format/properties.js'
import { decodeRangeDeletes } from '../../../sstable/block/range-delete-block.js'
import { unpackBlock } from '../../../sstable/block/stored-block.js'
import {
  decodeFooter,
  encodeFooter,
  footerBytes,
  handlesEnd,
  tableFormatVersion,
  trailerBytes,
} from '../../../sstable/format/table-format.js'
import { TableIndex } from '../../../sstable/table-index.js'
import { readCurrent } from '../../../version/manifest.js'
import { decodeEdit } from '../../../version/version-edit.js'
import { readCorpus } from './corpus.js'
import { mutateBytes } from './mutate-bytes.js'
import { mutateLog } from './mutate-log.js'
import type { FuzzTarget } from './target.js'

/** Decodes untrusted bytes, whether or not a checksum covers them. */
type Decoder = (bytes: Buffer) => void

const file = 'a file'
const codecs = new CodecRegistry()

export const decoders: Readonly<Record<string, Decoder>> = {
  batch(bytes) {
    const reader = new BatchReader()
    reader.open(bytes, 0, bytes.length)
    while (reader.next());
  },

  block(bytes) {
    new BlockCheck().run(bytes)
    const origin = { baseSequence: 0, path: file, offsetOf: () => 0 }
    const block = new Block(origin).at(0, bytes, 0, bytes.length)
    const entry = new EntryPlace()
    block.lowerBound(Buffer.from('user:0100'))
    for (let i = 0; i < block.count; i++) block.read(block.offsetAt(i), entry)
  },

  compressed(bytes) {
    const stored = Buffer.alloc(bytes.length + 4)
    bytes.copy(stored)
    stored.writeUInt32LE(crc32(bytes), bytes.length)
    unpackBlock(stored, codecs, file, 0)
  },

  current(bytes) {
    const fs = new MemoryFileSystem()
    fs.makeDirectory('/db')
    fs.create('/db/CURRENT').append(bytes, 0, bytes.length)
    readCurrent(fs, '/db')
  },

  edit(bytes) {
    decodeEdit(bytes)
  },

  filter(bytes) {
    const filter = BloomFilter.decode(bytes, file, 0)
    if (!filter.exists) return
    for (const hash of [0, 1, 0x7fffffff, 0xffffffff]) filter.mayContain(hash)
  },

  /**
   * The handles. The version and checksum are corrected, and the file ends where the handles say.
   */
  footer(bytes) {
    if (bytes.length < handlesEnd) return
    const none = { offset: 0, sizeBytes: 0 }
    const handles = { filter: none, rangeDelete: none, index: none, properties: none }
    const footer = encodeFooter(handles, tableFormatVersion)
    bytes.copy(footer, 0, 0, handlesEnd)
    footer.writeUInt32LE(crc32(footer.subarray(0, handlesEnd)), handlesEnd)
    const end = readU64(footer, handlesEnd - 12) + footer.readUInt32LE(handlesEnd - 4)
    decodeFooter(footer, end + footerBytes, file)
  },

  /** The number of entries and the end of the data blocks come first. */
  index(bytes) {
    if (bytes.length < 8) return
    const [count, dataEnd] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)]
    const payload = bytes.subarray(8)
    const handle = { offset: dataEnd, sizeBytes: payload.length + trailerBytes }
    const index = TableIndex.decode(payload, count, dataEnd, file, handle)
    const key = Buffer.from('user:0100')
    index.find(key, key.length)
  },

  lock(bytes) {
    decodeLockRecord(bytes)
  },

  log(bytes) {
    readLog(bytes, LogPurpose.writeAhead)
  },

  manifest(bytes) {
    readLog(bytes, LogPurpose.manifest)
  },

  properties(bytes) {
    decodeProperties(bytes, file, 0)
  },

  rangeDeletes(bytes) {
    RangeTombstones.from(decodeRangeDeletes(bytes, bytes.length, file, 0))
  },
}

function readLog(bytes: Buffer, purpose: LogPurpose): void {
  const fs = new MemoryFileSystem()
  fs.create('/log').append(bytes, 0, bytes.length)
  for (const options of [{}, { salvage: 'damage' }, { salvage: 'all', marks: true }] as const) {
    onlyVarveErrors(() => {
      const fileNumber = identityOf(bytes)?.fileNumber ?? 1
      const reader = LogReader.open(fs, '/log', purpose, fileNumber, options)
      while (reader.next() !== undefined);
      reader.close()
    })
  }
}

/** Feeds each decoder in turn with mutations of its corpus. */
export const target: FuzzTarget = {
  name: 'decoders',
  prepare() {
    const all = Object.entries(decoders).map(([name, decode]) => {
      return { name, decode, corpus: readCorpus(name) }
    })
    return Promise.resolve((seed) => {
      const random = new Prng(seed)
      const { name, decode, corpus } = random.pick(all)
      const isLog = name === 'log' || name === 'manifest'
      // Half of the mutated logs have valid checksums.
      const mutate = isLog && random.chance(0.5) ? mutateLog : mutateBytes
      const bytes = mutate(random.pick(corpus), random)
      try {
        onlyVarveErrors(() => decode(bytes))
      } catch (cause) {
        const line = shrink(bytes, decode).toString('base64')
        throw new Error(`decoder ${name}, of ${line}`, { cause })
      }
    })
  },
}

export function onlyVarveErrors(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
  }
}

/** Removes bytes as long as the input still fails. */
function shrink(bytes: Buffer, decode: Decoder): Buffer {
  const isFinding = (tried: Buffer): boolean => {
    try {
      onlyVarveErrors(() => decode(tried))
      return false
    } catch {
      return true
    }
  }
  let smallest = bytes
  for (let length = bytes.length >> 1; length > 0; length >>= 1) {
    for (let at = 0; at + length <= smallest.length;) {
      const rest = [smallest.subarray(0, at), smallest.subarray(at + length)]
      const tried = Buffer.concat(rest)
      if (isFinding(tried)) smallest = tried
      else at += length
    }
  }
  return smallest
}
