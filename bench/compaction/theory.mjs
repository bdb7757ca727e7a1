/**
 * What the textbooks expect of a policy, with size ratio T, for keys drawn evenly and a tree that
 * would be L levels deep: L = log_T(data / memtable), rounded up. Tables only, the log left out;
 * space after overwrites, at worst.
 *
 *     leveled      a byte is merged about T/2 times a level    write T/2·L   space 1 + 1/(T − 1)
 *     sizeTiered   a byte is written once on each level        write L       space T
 *     lazyLeveled  tiered above, leveled on the last level     write L + T   space 1 + 1/(T − 1)
 *
 * After Dayan and Idreos, Dostoevsky (2018).
 */
export function theory(policy, { sizeRatio, memtableBytes }, dataBytes) {
  const depth = Math.ceil(Math.log(dataBytes / memtableBytes) / Math.log(sizeRatio))
  const leastSpace = 1 + 1 / (sizeRatio - 1)
  switch (policy) {
    case 'leveled':
      return { write: (sizeRatio / 2) * depth, space: leastSpace }
    case 'sizeTiered':
      return { write: depth, space: sizeRatio }
    case 'lazyLeveled':
      return { write: depth + sizeRatio, space: leastSpace }
    default:
      // One or the other, as it happens.
      return undefined
  }
}
