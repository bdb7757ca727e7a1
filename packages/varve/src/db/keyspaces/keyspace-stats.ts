import type { Tree } from '../../tree/tree.js'
import { allTableBytes, spaceAmplification } from '../background/amplification.js'
import type { KeyspaceStats } from '../api.js'
import type { ReadCounts } from '../read/read-core.js'

/** The current figures of one keyspace. */
export function keyspaceStats(tree: Tree, counts: ReadCounts): KeyspaceStats {
  const { gets, scans, scannedEntries } = counts
  const { version } = tree.state
  return {
    gets,
    scans,
    scannedEntries,
    writtenBytes: tree.writtenBytes,
    readAmplification: gets === 0 ? 0 : tree.blocksTouched / gets,
    spaceAmplification: spaceAmplification([version]),
    tables: version.tableCount,
    sizeBytes: allTableBytes(version),
    memtableBytes: tree.memoryBytes,
    policy: tree.compaction.current.policy,
    debtBytes: tree.debtBytes,
  }
}
