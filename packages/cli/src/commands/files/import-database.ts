import { levelKeys } from '@varve/level'
import { open } from 'varve'
import { UsageError } from '../../exit-code.js'
import type { BinaryDatabase } from '../../database/binary-database.js'
import type { Invocation } from '../../invocation.js'
import { copyEntries, type CopyTotals, verifyCopy } from '../../migrate/copy-entries.js'
import type { ForeignDatabase } from '../../migrate/foreign-database.js'
import { beginOrResume, endImport } from '../../migrate/import-mark.js'
import { openLevelDb } from '../../migrate/level-db-source.js'
import { openLmdb } from '../../migrate/lmdb-source.js'
import { requireRoom } from '../../database/new-database.js'
import { Progress } from '../../terminal/progress.js'
import { printable } from '../../text/printable.js'
import { formatBytes, formatCounted, formatDuration, formatRate } from '../../text/quantity.js'

export const foreignFormats = ['leveldb', 'lmdb'] as const
export type ForeignFormat = (typeof foreignFormats)[number]

export interface ImportPlan {
  from: ForeignFormat
  source: string | undefined
  destination: string | undefined
  /** Of a database in an environment of lmdb. */
  name: string | undefined
  verify: boolean
}

/** Copies a database of another engine, resumes an interrupted run, and compares. */
export async function importDatabase(invocation: Invocation, plan: ImportPlan): Promise<void> {
  if (plan.source === undefined) throw new UsageError('name the directory of the other database')
  if (plan.name !== undefined && plan.from !== 'lmdb') {
    throw new UsageError('--source-db goes with --from lmdb')
  }
  const startMs = performance.now()
  const source = await openSource(plan.from, plan.source, plan.name)
  try {
    const destination = plan.destination ?? invocation.flags.db
    await requireRoom(destination, invocation.flags)
    const db = await openDestination(destination, plan.from)
    try {
      const record = await transfer(invocation, source, db, plan)
      const durationMs = performance.now() - startMs
      await invocation.answer({ ...record, durationMs }, () => describe(record, durationMs))
    } finally {
      await db.close()
    }
  } finally {
    await source.close()
  }
}

interface ImportRecord {
  imported: number
  bytes: number
  /** The key after which an interrupted run was resumed. */
  resumedAfter: string | undefined
  verified: { records: number; checksum: string } | undefined
}

async function transfer(
  { io }: Invocation,
  source: ForeignDatabase,
  db: BinaryDatabase,
  plan: ImportPlan,
): Promise<ImportRecord> {
  const after = beginOrResume(db, { from: plan.from, source: source.path })
  const resumedAfter = after === undefined ? undefined : printable(after)
  if (resumedAfter !== undefined) io.stderr.write(`varve: resuming after ${resumedAfter}\n`)
  const { records: imported, bytes } = await shown('copying', (onProgress) =>
    copyEntries(source, db, after, onProgress),
  )
  const result = plan.verify
    ? await shown('verifying', (onProgress) => verifyCopy(source, db, onProgress))
    : undefined
  endImport(db)
  for (const name of source.leftOut ?? []) {
    io.stderr.write(`varve: not copied: the named database ${name}; import it with --source-db\n`)
  }
  const verified = result && { records: result.records, checksum: hex(result.checksum) }
  return { imported, bytes, resumedAfter, verified }

  async function shown<T extends CopyTotals>(
    label: string,
    work: (onProgress: (totals: CopyTotals) => void) => Promise<T>,
  ): Promise<T> {
    const total = source.recordCount
    const progress = new Progress({ label, total, unit: 'records', stream: io.stderr })
    const last: CopyTotals = { records: 0, bytes: 0 }
    try {
      return await work(({ records, bytes }) => {
        Object.assign(last, { records, bytes })
        progress.update(records, bytes)
      })
    } finally {
      progress.stop(last.records, last.bytes)
    }
  }
}

function openSource(
  from: ForeignFormat,
  path: string,
  name: string | undefined,
): Promise<ForeignDatabase> | ForeignDatabase {
  return from === 'leveldb' ? openLevelDb(path) : openLmdb(path, name)
}

/** Entries from LevelDB go to VarveLevel, which accepts an empty key. */
function openDestination(path: string, from: ForeignFormat): Promise<BinaryDatabase> {
  const keyEncoding = from === 'leveldb' ? levelKeys : 'binary'
  return open(path, { keyEncoding, valueEncoding: 'binary' })
}

function describe(
  { imported, bytes, resumedAfter, verified }: ImportRecord,
  durationMs: number,
): string {
  const parts = [
    `imported ${formatCounted(imported, 'entry', 'entries')}`,
    `${formatBytes(bytes)} in ${formatDuration(durationMs)}`,
    formatRate(imported, durationMs, 'entries'),
  ]
  if (resumedAfter !== undefined) parts.push(`resumed after ${resumedAfter}`)
  parts.push(
    verified === undefined
      ? 'not verified'
      : `verified ${formatCounted(verified.records, 'entry', 'entries')}, ` +
          `checksum ${verified.checksum}`,
  )
  return parts.join(', ')
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
