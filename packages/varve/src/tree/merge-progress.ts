import type { CompactionSpec } from '../compaction/pickers/compaction-spec.js'

/** How much of its inputs a running compaction has read. Owned by: TreeCompaction. */
export class MergeProgress {
  /** Tables of level 0 among the inputs. */
  readonly level0Count: number
  /** 0 to 1. */
  share = 0
  private readonly entryCount: number

  constructor({ inputs }: CompactionSpec) {
    const tables = inputs.flatMap((input) => input.tables)
    this.level0Count = inputs.find(({ level }) => level === 0)?.tables.length ?? 0
    this.entryCount = tables.reduce((sum, table) => sum + table.entryCount, 0)
  }

  moveTo(readEntries: number): void {
    this.share = this.entryCount === 0 ? 0 : Math.min(1, readEntries / this.entryCount)
  }
}
