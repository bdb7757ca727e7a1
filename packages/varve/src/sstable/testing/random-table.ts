import { compareBytes, emptyBytes } from '../../base/bytes/bytes.js'
import type { Prng } from '../../base/prng.js'
import { inputEntry } from '../../testing/kit/input-entry.js'
import { BlockCache } from '../../cache/block-cache.js'
import type { FileSystem } from '../../fs/file-system.js'
import { ValueKind } from '../../key/value-kind.js'
import { newTableCounters, type TableReadContext } from '../block-source.js'
import { CodecRegistry, deflateCodec, noneCodec } from '../block/codec.js'
import { lz4Codec, lz4hcCodec } from '../block/lz4-codec.js'
import { TableReader } from '../table-reader.js'
import { TableWriter, type TableOptions } from '../table-writer.js'
import type { TableSummary } from '../format/properties.js'

export interface ModelEntry {
  readonly key: Buffer
  readonly sequence: number
  readonly kind: number
  readonly value: Buffer
}

export const plainOptions: TableOptions = {
  blockBytes: 4096,
  filterBitsPerKey: 10,
  codec: noneCodec,
}

/** Entries in table order with difficult keys: prefixes, zeros, 0xff, very short, very long. */
export function randomEntries(random: Prng, keyCount: number): ModelEntry[] {
  const prefix = random.pick(['', 'user:', 'a/very/long/common/prefix/', '\xff\xff'])
  const keys = new Map<string, Buffer>()
  while (keys.size < keyCount) {
    const key = randomKey(random, prefix)
    keys.set(key.toString('latin1'), key)
  }
  const manyVersions = random.chance(0.3)
  const entries: ModelEntry[] = []
  for (const key of [...keys.values()].sort(compareBytes)) {
    const versions =
      manyVersions && random.chance(0.1) ? random.between(20, 60) : random.between(1, 2)
    let sequence = random.chance(0.1) ? Number.MAX_SAFE_INTEGER : random.between(1, 100_000)
    for (let i = 0; i < versions && sequence > 0; i++) {
      const isDelete = random.chance(0.2)
      const kind = isDelete ? ValueKind.delete : ValueKind.put
      entries.push({ key, sequence, kind, value: isDelete ? emptyBytes : randomValue(random) })
      sequence -= random.between(1, 40)
    }
  }
  return entries
}

export function randomKey(random: Prng, prefix: string): Buffer {
  const shape = random.below(20)
  if (shape === 0) return random.bytes(random.between(1, 3))
  if (shape === 1) return Buffer.alloc(random.between(1, 9), random.pick([0, 0xff]))
  if (shape === 2) return Buffer.concat([Buffer.from(prefix, 'latin1'), random.bytes(300)])
  const tail =
    shape < 10 ? Buffer.from(String(random.below(3000))) : random.bytes(random.between(1, 8))
  const key = Buffer.concat([Buffer.from(prefix, 'latin1'), tail])
  // A small alphabet produces many shared prefixes.
  if (shape > 15) for (let i = 0; i < key.length; i++) key[i] = key[i] & 3 ? key[i] : 0
  return key
}

export function randomOptions(random: Prng): TableOptions {
  return {
    blockBytes: random.pick([64, 256, 1024, 4096, 100_000]),
    filterBitsPerKey: random.pick([0, 1, 10, 20]),
    filterSecret: random.pick([0, 1, 0x12_3456_789a_bcde]),
    codec: random.pick([noneCodec, lz4Codec, lz4hcCodec, deflateCodec]),
  }
}

export function writeTable(
  fs: FileSystem,
  path: string,
  entries: readonly ModelEntry[],
  options: TableOptions = plainOptions,
  baseSequence = 0,
): TableSummary {
  const writer = new TableWriter(fs.create(path), options, baseSequence)
  for (const entry of entries) writer.add(inputEntry(entry))
  return writer.finish()
}

export function readContext(cacheBytes = 1 << 20): TableReadContext {
  return {
    cache: new BlockCache(cacheBytes),
    codecs: new CodecRegistry(),
    counters: newTableCounters(),
  }
}

/** Opens a table; closes the file if that fails. */
export function openTable(fs: FileSystem, path: string, context = readContext()): TableReader {
  const file = fs.openForRead(path)
  try {
    return TableReader.open(file, 1, context)
  } catch (error) {
    file.close()
    throw error
  }
}

function randomValue(random: Prng): Buffer {
  const shape = random.below(10)
  if (shape === 0) return emptyBytes
  if (shape === 1) return Buffer.alloc(random.between(100, 700), 'abc')
  return random.bytes(random.between(1, 40))
}
