import type {
  Compaction,
  CompactionPolicy,
  FixedCompactionOptions,
} from '../pickers/compaction-options.js'
import { resolveSetting } from '../pickers/resolve-compaction.js'

/** Fills in the defaults of a fixed policy: any but `adaptive`. */
export function resolveCompaction(
  options?: Exclude<CompactionPolicy, 'adaptive'> | FixedCompactionOptions,
  memtableBytes?: number,
): Compaction {
  return resolveSetting(options, memtableBytes) as Compaction
}
