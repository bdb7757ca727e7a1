import type { OpenOptions } from 'varve'

/**
 * Options that make a tall tree of 28 MiB, so that every level can be seen. Not for production:
 * tables are small, and each level is only twice as large as the one above, so that each entry is
 * rewritten often.
 */
export const demoTree = {
  memtableBytes: 256 << 10,
  tableBytes: 512 << 10,
  compaction: {
    policy: 'leveled',
    sizeRatio: 2,
    l0Trigger: 3,
    baseBytes: 256 << 10,
    // Reads start no compactions: how many reads the demo does depends on the machine.
    fruitlessReadBytes: Infinity,
  },
  // Not compressed, so that a few megabytes fill all levels.
  codec: 'none',
  // On the calling thread: the import leaves the same tree on every machine.
  background: 'inline',
} as const satisfies OpenOptions
