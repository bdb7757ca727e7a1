import { invalidArgument } from '../../base/errors.js'
import { maxSealedMemtables } from '../../tree/arena-pool.js'

/** How the memory of a database is divided, in bytes. */
interface MemoryBudget {
  readonly memtableBytes: number
  readonly cacheBytes: number
  /** Filters, indexes and tombstones of open tables. Infinity: limited by `maxOpenTables` alone. */
  readonly openTableBytes: number
}

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** The most memtables that can exist: the active one and those that wait to be flushed. */
const maxMemtables = maxSealedMemtables + 1

/**
 * Shares of the budget. The rest is for the buckets of memtables, which take 6% of their entries,
 * and for commit buffers.
 */
const memtableShare = 0.25
const openTableShare = 0.25
const cacheShare = 0.45

/**
 * Divides `memoryBytes`. If `memtableBytes` or `cacheBytes` is set, it keeps its size, and the
 * other parts share the remainder in the same proportions.
 *
 * @throws INVALID_ARGUMENT if these two leave nothing for the other parts
 */
export function divideMemory(
  memoryBytes: number | undefined,
  memtableBytes: number | undefined,
  cacheBytes: number | undefined,
): MemoryBudget {
  if (memoryBytes === undefined) {
    return {
      memtableBytes: memtableBytes ?? 64 * MiB,
      cacheBytes: cacheBytes ?? 64 * MiB,
      openTableBytes: Infinity,
    }
  }
  const fixedBytes = (memtableBytes ?? 0) * maxMemtables + (cacheBytes ?? 0)
  const fixedShare =
    (memtableBytes === undefined ? 0 : memtableShare) + (cacheBytes === undefined ? 0 : cacheShare)
  const bytesPerShare = (memoryBytes - fixedBytes) / (1 - fixedShare)
  if (bytesPerShare < memoryBytes / 10) throw tooSmall(memoryBytes, fixedBytes)
  return {
    memtableBytes:
      memtableBytes ?? Math.min(GiB, wholeBytes((bytesPerShare * memtableShare) / maxMemtables)),
    cacheBytes: cacheBytes ?? wholeBytes(bytesPerShare * cacheShare),
    openTableBytes: wholeBytes(bytesPerShare * openTableShare),
  }
}

/** Rounds down to a multiple of 4 KiB. */
function wholeBytes(bytes: number): number {
  return Math.floor(bytes / (4 * KiB)) * 4 * KiB
}

function tooSmall(memoryBytes: number, fixedBytes: number): Error {
  const message =
    `option 'memoryBytes' is ${memoryBytes}, but ${maxMemtables} memtables of 'memtableBytes' ` +
    `and 'cacheBytes' take ${fixedBytes}; raise it, or leave those two out`
  return invalidArgument(message, 'memoryBytes')
}
