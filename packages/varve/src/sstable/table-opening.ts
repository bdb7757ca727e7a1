import { copyBytes } from '../base/bytes/bytes.js'
import { corruption } from '../base/errors.js'
import type { ReadableFile } from '../fs/file-system.js'
import { type RangeTombstone, RangeTombstones } from '../key/range-tombstone.js'
import { decodeRangeDeletes } from './block/range-delete-block.js'
import type { CodecRegistry } from './block/codec.js'
import { unpackBlock } from './block/stored-block.js'
import { BloomFilter } from './format/bloom-filter.js'
import {
  decodeProperties,
  summaryProblem,
  type TableProperties,
  type TableSummary,
} from './format/properties.js'
import {
  type BlockHandle,
  checkHeader,
  decodeFooter,
  footerBytes,
  headerBytes,
  trailerBytes,
} from './format/table-format.js'
import { TableIndex } from './table-index.js'

/** What an open table keeps in memory: everything except its data blocks. */
export interface TableParts {
  readonly properties: TableProperties
  readonly rangeTombstones: RangeTombstones
  readonly index: TableIndex
  readonly filter: BloomFilter
}

/** Bytes of a file. */
interface Span {
  readonly offset: number
  readonly length: number
}

/** Work that yields the parts of a file that it needs next, and receives their bytes. */
type Opening = Generator<readonly Span[], TableParts, readonly Buffer[]>

/**
 * Reads and checks everything except the data blocks. `expected`: the table according to the
 * MANIFEST, because another file may have its name.
 */
export function openParts(
  file: ReadableFile,
  codecs: CodecRegistry,
  expected?: TableSummary,
): TableParts {
  const opening = readParts(file, codecs, expected)
  let step = opening.next()
  while (step.done !== true) {
    const pieces = step.value.map((span) => {
      const bytes = Buffer.allocUnsafeSlow(span.length)
      return whole(file, span, bytes, file.read(bytes, 0, span.length, span.offset))
    })
    step = opening.next(pieces)
  }
  return step.value
}

/** The same without blocking the thread. */
export async function openPartsAsync(
  file: ReadableFile,
  codecs: CodecRegistry,
  expected?: TableSummary,
): Promise<TableParts> {
  const opening = readParts(file, codecs, expected)
  let step = opening.next()
  while (step.done !== true) {
    const reads = step.value.map(async (span) => {
      const bytes = Buffer.allocUnsafeSlow(span.length)
      return whole(file, span, bytes, await file.readAsync(bytes, 0, span.length, span.offset))
    })
    step = opening.next(await Promise.all(reads))
  }
  return step.value
}

function whole({ path }: ReadableFile, { offset }: Span, bytes: Buffer, got: number): Buffer {
  if (got < bytes.length) throw corruption(path, offset + got, 'the file ends too early')
  return bytes
}

function* readParts(file: ReadableFile, codecs: CodecRegistry, expected?: TableSummary): Opening {
  const { path } = file
  const sizeBytes = file.sizeBytes()
  if (sizeBytes < headerBytes + footerBytes) {
    throw corruption(path, sizeBytes, 'no table: too short')
  }
  const footerStart = sizeBytes - footerBytes
  const [header, footer] = yield [
    { offset: 0, length: headerBytes },
    { offset: footerStart, length: footerBytes },
  ]
  checkHeader(header, path)
  const handles = decodeFooter(footer, sizeBytes, path)
  const dataEnd = handles.filter.offset
  const [meta] = yield [{ offset: dataEnd, length: footerStart - dataEnd }]
  const payloadOf = (handle: BlockHandle): Buffer => {
    const start = handle.offset - dataEnd
    const stored = meta.subarray(start, start + handle.sizeBytes)
    return unpackBlock(stored, codecs, path, handle.offset)
  }

  const properties = decodeProperties(
    payloadOf(handles.properties),
    path,
    handles.properties.offset,
  )
  const tombstones = decodeRangeDeletes(
    payloadOf(handles.rangeDelete),
    handles.rangeDelete.sizeBytes - trailerBytes,
    path,
    handles.rangeDelete.offset,
  )
  const index = TableIndex.decode(
    payloadOf(handles.index),
    properties.dataBlockCount,
    dataEnd,
    path,
    handles.index,
  )
  // A filter that views `meta` would keep the bytes of the index in memory, which has its own copy.
  const filterPayload = payloadOf(handles.filter)
  const kept = index.viewsPayload ? filterPayload : copyBytes(filterPayload)
  const filter = BloomFilter.decode(kept, path, dataEnd)
  checkCounts(properties, tombstones, path, handles.properties.offset)
  if (expected !== undefined) {
    const problem = summaryProblem(expected, { ...properties, sizeBytes })
    if (problem !== undefined) throw corruption(path, 0, `not the table of its name (${problem})`)
  }
  return { properties, rangeTombstones: RangeTombstones.from(tombstones), index, filter }
}

function checkCounts(
  properties: TableProperties,
  tombstones: readonly RangeTombstone[],
  file: string,
  offset: number,
): void {
  const { entryCount, dataBlockCount, rangeDeleteCount } = properties
  if (tombstones.length !== rangeDeleteCount || entryCount < dataBlockCount) {
    throw corruption(file, offset, 'the counts of the table do not agree')
  }
}
