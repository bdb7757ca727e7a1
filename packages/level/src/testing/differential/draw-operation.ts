import type { Random } from '../random.js'
import { drawKey, drawValue, encodingNames } from './draw-data.js'
import type {
  BatchItem,
  Bounds,
  EncodingName,
  Encodings,
  Operation,
  Place,
  RangeOptions,
  Slot,
} from './operation.js'
import { keyEncodingAt, placeCount, slotCount, valueEncodingAt } from './places.js'

type Name = Operation['name']

/** How often each operation is drawn, of `totalWeight`. */
const weights: Record<Name, number> = {
  put: 18,
  del: 5,
  get: 6,
  getSync: 4,
  has: 3,
  getMany: 3,
  hasMany: 2,
  batch: 6,
  chain: 4,
  clear: 5,
  list: 10,
  openIterator: 5,
  next: 10,
  nextv: 6,
  seek: 6,
  all: 2,
  closeIterator: 1,
  openSnapshot: 2,
  closeSnapshot: 1,
  settle: 0.3,
  reopen: 0.2,
}
const names = Object.keys(weights) as Name[]
const totalWeight = Object.values(weights).reduce((sum, weight) => sum + weight, 0)

export function drawOperation(random: Random): Operation {
  const name = drawName(random)
  const on = drawPlace(random)
  const slot = random.below(slotCount)
  switch (name) {
    case 'put': {
      const { key, value, ...options } = { value: undefined, ...drawItem(random, on, 'put') }
      return { name, on, key, value, options }
    }
    case 'del': {
      const { key, ...options } = drawItem(random, on, 'del')
      return { name, on, key, options }
    }
    case 'get':
    case 'getSync':
    case 'has': {
      const options = drawEncodings(random)
      const key = drawKey(random, options.keyEncoding ?? keyEncodingAt(on))
      return { name, on, key, options, snapshot: drawSnapshot(random) }
    }
    case 'getMany':
    case 'hasMany': {
      const options = drawEncodings(random)
      const encoding = options.keyEncoding ?? keyEncodingAt(on)
      const keys = random.some(6, () => drawKey(random, encoding))
      return { name, on, keys, options, snapshot: drawSnapshot(random) }
    }
    case 'batch': {
      const items = random.some(12, () => drawBatchItem(random, on))
      return { name, on, items, options: {} }
    }
    case 'chain': {
      const items = random.some(8, () => drawBatchItem(random, on))
      const clearedAt = random.chance(0.2) ? random.below(items.length) : -1
      return { name, on, items, clearedAt, isWritten: random.chance(0.85) }
    }
    case 'clear':
      return { name, on, options: drawClearRange(random, on), snapshot: drawSnapshot(random) }
    case 'list': {
      const kind = random.pick(['iterator', 'keys', 'values'] as const)
      return { name, on, kind, options: drawRange(random, on), snapshot: drawSnapshot(random) }
    }
    case 'openIterator': {
      const kind = random.pick(['iterator', 'keys', 'values'] as const)
      const options = drawRange(random, on)
      return { name, on, kind, options, snapshot: drawSnapshot(random), slot }
    }
    case 'seek': {
      const keyEncoding = random.pick(encodingNames)
      return { name, slot, target: drawKey(random, keyEncoding), options: { keyEncoding } }
    }
    case 'nextv':
      return { name, slot, size: random.below(7) }
    case 'openSnapshot':
      return { name, on, slot }
    case 'next':
    case 'all':
    case 'closeIterator':
    case 'closeSnapshot':
      return { name, slot }
    case 'settle':
    case 'reopen':
      return { name }
  }
}

function drawName(random: Random): Name {
  let at = random.fraction() * totalWeight
  return names.find((name) => (at -= weights[name]) < 0) ?? 'put'
}

/** The root more often than each sublevel. */
function drawPlace(random: Random): Place {
  return random.chance(0.5) ? 0 : random.below(placeCount)
}

function drawSnapshot(random: Random): Slot | undefined {
  return random.chance(0.25) ? random.below(slotCount) : undefined
}

function drawEncodings(random: Random): Encodings {
  const result: Encodings = {}
  if (random.chance(0.6)) result.keyEncoding = random.pick(encodingNames)
  if (random.chance(0.6)) result.valueEncoding = random.pick(encodingNames)
  return result
}

function drawItem(random: Random, on: Place, type: 'put' | 'del') {
  const encodings = drawEncodings(random)
  const key = drawKey(random, encodings.keyEncoding ?? keyEncodingAt(on))
  if (type === 'del') return { key, ...encodings }
  return {
    key,
    value: drawValue(random, encodings.valueEncoding ?? valueEncodingAt(on)),
    ...encodings,
  }
}

function drawBatchItem(random: Random, on: Place): BatchItem {
  const type = random.chance(0.7) ? 'put' : 'del'
  // A sublevel of the database that takes the batch: the root holds them all.
  if (on !== 0 || random.chance(0.7)) return { type, ...drawItem(random, on, type) }
  const sublevel = 1 + random.below(placeCount - 1)
  return { type, ...drawItem(random, sublevel, type), sublevel }
}

function drawRange(random: Random, on: Place): RangeOptions {
  const encodings = drawEncodings(random)
  const result: RangeOptions = {
    ...encodings,
    ...drawBounds(random, encodings.keyEncoding ?? keyEncodingAt(on)),
  }
  if (random.chance(0.4)) result.reverse = random.chance(0.8)
  if (random.chance(0.4)) result.limit = random.pick([-1, 0, 1, 2, 3, 5, 1000, Infinity])
  return result
}

/** Most leave something to be deleted later. */
function drawClearRange(random: Random, on: Place): RangeOptions {
  const range = drawRange(random, on)
  delete range.valueEncoding
  if (range.limit === undefined && random.chance(0.6)) range.limit = 1 + random.below(4)
  return range
}

function drawBounds(random: Random, encoding: EncodingName): Bounds {
  const result: Bounds = {}
  for (const name of ['gt', 'gte', 'lt', 'lte'] as const) {
    if (random.chance(0.25)) result[name] = drawKey(random, encoding)
  }
  return result
}
