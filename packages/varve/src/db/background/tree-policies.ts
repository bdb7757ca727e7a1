import type { Tree } from '../../tree/tree.js'
import type { PolicyControl } from './policy-control.js'

/**
 * The compaction policies of all trees.
 *
 * Owned by: the database.
 */
export class TreePolicies {
  /** The policy of the default keyspace. */
  readonly main: PolicyControl
  private readonly others = new Map<Tree, PolicyControl>()

  constructor(
    main: Tree,
    private readonly newControl: (tree: Tree) => PolicyControl,
  ) {
    this.main = newControl(main)
  }

  of(tree: Tree): PolicyControl {
    return this.others.get(tree) ?? this.main
  }

  add(tree: Tree): void {
    this.others.set(tree, this.newControl(tree))
  }

  remove(tree: Tree): void {
    this.others.get(tree)?.stop()
    this.others.delete(tree)
  }

  /** Called when a job of the tree ends. */
  look(tree: Tree): void {
    this.others.get(tree)?.look()
  }

  stop(): void {
    this.main.stop()
    for (const control of this.others.values()) control.stop()
  }
}
