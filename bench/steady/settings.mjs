/**
 * The load: as many puts at once as a busy server has, of values larger than a memtable's share.
 */
export const settings = {
  putsAtOnce: 64,
  valueBytes: 1000,
  seed: 1,
  /** Share of the run after which backups begin, one after the other. */
  backupFrom: 0.25,
}

export const defaultEngines = ['varve', 'classic-level', 'rocksdb']
export const policies = ['leveled', 'lazyLeveled', 'sizeTiered', 'adaptive', 'fifo']
export const backups = ['without', 'with']
