import type { Prng } from '../../../base/prng.js'
import type { OpenOptions } from '../../../db/api.js'
import { type KeyspaceShape, modelKeyspaces } from '../../harness/keyspace-shape.js'

const KiB = 1024

/** Draws options that change how the engine works, but no answer. */
export function drawOptions(random: Prng) {
  const memtableBytes = random.pick([4, 4, 8, 32, 256]) * KiB
  const policy = random.pick(['leveled', 'leveled', 'sizeTiered', 'lazyLeveled'] as const)
  return {
    memtableBytes,
    tableBytes: random.pick([4, 16, 256]) * KiB,
    blockBytes: random.pick([256, 1000, 4096, 65_536]),
    cacheBytes: random.pick([0, 0, 16 * KiB, 1024 * KiB]),
    filterBitsPerKey: random.pick([0, 1, 10, 32]),
    codec: drawCodec(random),
    durability: random.pick(['os', 'os', 'sync', { intervalMs: 1 }] as const),
    background: random.pick(['inline', 'inline', 'thread', { threads: 2 }] as const),
    coldReads: random.pick(['auto', 'sync', 'async']),
    maxOpenTables: random.pick([16, 1000]),
    paranoid: random.chance(0.2),
    compaction: {
      policy,
      l0Trigger: random.pick([1, 2, 4]),
      sizeRatio: random.pick([2, 3, 10]),
      baseBytes: random.pick([memtableBytes, 4 * memtableBytes]),
    },
  } satisfies OpenOptions
}

/** Draws how the trees of the keyspaces work; some are as the database. */
export function drawKeyspaces(random: Prng): readonly KeyspaceShape[] {
  return modelKeyspaces.map((shape) => {
    if (random.chance(0.3)) return shape
    const { blockBytes, tableBytes, filterBitsPerKey, codec, compaction } = drawOptions(random)
    return { ...shape, tuning: { blockBytes, tableBytes, filterBitsPerKey, codec, compaction } }
  })
}

function drawCodec(random: Prng): NonNullable<OpenOptions['codec']> {
  const draw = (): string => random.pick(['none', 'lz4', 'lz4hc', 'deflate'])
  return random.chance(0.5) ? draw() : { level0: draw(), upper: draw(), last: draw() }
}
