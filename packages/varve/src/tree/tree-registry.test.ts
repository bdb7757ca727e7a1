import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tree } from './tree.js'
import { TreeRegistry } from './tree-registry.js'

function treeNeeding(keyspace: number, firstUnflushedLog: number | undefined): Tree {
  return { keyspace, firstUnflushedLog, hasUnflushed: firstUnflushedLog !== undefined } as Tree
}

function registryOf(...trees: Tree[]): TreeRegistry {
  const registry = new TreeRegistry()
  for (const tree of trees) {
    registry.add(tree)
    if (tree.hasUnflushed) registry.noteWritten(tree)
  }
  return registry
}

test('a flush of one tree frees no log that another tree needs', () => {
  const flushed = treeNeeding(0, 5)
  const registry = registryOf(flushed, treeNeeding(1, 7), treeNeeding(2, undefined))
  assert.equal(registry.firstNeededLog(flushed, 9), 7)
  assert.equal(registry.firstNeededLog(flushed, 6), 6)
  assert.equal(registry.firstNeededLog(flushed, undefined), 7)
})

test('when no tree holds unflushed entries, no log is needed', () => {
  const flushed = treeNeeding(0, 5)
  const registry = registryOf(flushed, treeNeeding(1, undefined))
  assert.equal(registry.firstNeededLog(flushed, undefined), undefined)
  assert.ok(registry.hasUnflushed)
  assert.ok(!registryOf(treeNeeding(0, undefined), treeNeeding(1, undefined)).hasUnflushed)
})

test('trees are found by keyspace, which is unique', () => {
  const tree = treeNeeding(3, undefined)
  const registry = registryOf(treeNeeding(0, undefined), tree)
  assert.equal(registry.get(3), tree)
  assert.equal(registry.get(4), undefined)
  assert.deepEqual(
    [...registry].map(({ keyspace }) => keyspace),
    [0, 3],
  )
  assert.throws(() => registry.add(treeNeeding(3, undefined)))
})
