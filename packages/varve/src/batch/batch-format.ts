/**
 * The payload of one write-ahead log record: a commit group. Its operations become visible together
 * or not at all. Little-endian. Operation n, counted from 0, has the sequence `firstSequence + n`.
 *
 *     0        type            u8    1 = operations, 2 = start of a log
 *     1        zero            u8 × 3
 *     4        operation count u32
 *     8        first sequence  u64, as two u32, low half first
 *     16       operations
 *
 * Operation:
 *
 *     0        kind            u8    a ValueKind
 *     1        flags           u8    1 = range delete without an upper bound
 *     2        keyspace        u16   0 = the default keyspace
 *     4        key length      u32
 *     8        value length    u32
 *     12       key, value
 *
 * A range delete stores its start as the key and its end (exclusive) as the value. The value of a
 * put with expiry starts with the expiry time, see key/expiry.ts.
 *
 * Never change these values: they are on disk.
 */
export const payloadType = { operations: 1, logStart: 2 } as const

export const groupHeaderBytes = 16
export const operationHeaderBytes = 12

export const countOffset = 4
export const sequenceOffset = 8

export const unboundedFlag = 1

/** Longest payload: the largest log record, less a margin for its header. */
export const maxGroupPayloadBytes = 0x7fff0000 - 1024

/**
 * Most operations in a group. An operation takes more bytes in a memtable than in a record. With
 * this limit the longest payload fits in a memtable, however short its operations are.
 */
export const maxGroupOperations = 2 ** 26
