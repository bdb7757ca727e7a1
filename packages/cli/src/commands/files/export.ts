import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Option, type Command } from 'commander'
import { examples } from '../../examples.js'
import type { BinaryStore } from '../../database/binary-database.js'
import { Invocation, lookOnly } from '../../invocation.js'
import type { Io } from '../../io.js'
import { Output } from '../../terminal/output.js'
import { addRangeFlags, rangeOf, type RangeFlags } from '../../range-flags.js'
import { compressorFor } from '../../rows/compression.js'
import { createRowWriter, type RowWriter } from '../../rows/row-writer.js'
import { isStandardStream, rowFormatOf, rowFormats, type RowFormat } from '../../rows/row.js'
import { printableJson, printableText } from '../../text/printable.js'
import { formatCounted, formatDuration } from '../../text/quantity.js'

interface ExportFlags extends RangeFlags {
  format?: RowFormat
  rows?: boolean
  columns?: string
}

export function addExportCommand(program: Command, io: Io): void {
  const command = program
    .command('export')
    .description('write entries to a file or standard output, in a format that import reads')
    .argument(
      '[file]',
      "NDJSON, CSV or TSV file, replaced if it exists; '-' or nothing is standard output",
    )
    .addOption(
      new Option(
        '--format <name>',
        'format of the file (default: from its extension, else ndjson)',
      ).choices(rowFormats),
    )
    .option(
      '--rows',
      'write the fields of each JSON value and no key, as `import --key` reads them',
    )
    .option(
      '--columns <names>',
      'with --rows, columns of a CSV or TSV file: a,b,c (default: those of the first row)',
    )
    .addHelpText(
      'after',
      examples(
        ['varve export all.ndjson', 'all entries'],
        ['varve export cities.csv --rows', 'the rows as imported'],
        ['varve export - --prefix user/ | gzip > users.ndjson.gz', 'to a pipe'],
      ),
    )
  addRangeFlags(command).action(
    async (file: string | undefined, flags: ExportFlags, command: Command) => {
      await runExport(new Invocation(command, io), file, flags)
    },
  )
}

async function runExport(
  invocation: Invocation,
  file: string | undefined,
  flags: ExportFlags,
): Promise<void> {
  const { keyEncoding, encoding: valueEncoding, json } = invocation.flags
  const writer = createRowWriter({
    format: rowFormatOf(file, flags.format),
    shape: flags.rows === true ? 'rows' : 'pairs',
    keyEncoding,
    valueEncoding,
    columns: flags.columns?.split(','),
  })
  const range = rangeOf(flags, keyEncoding)
  const startMs = performance.now()
  const rows = await invocation.withStore(lookOnly, async (db) => {
    // Only here: a database that cannot be opened must not cost the file of an earlier export.
    if (isStandardStream(file)) {
      const count = await writeRows(db, range, writer, invocation.output)
      await invocation.output.flush()
      return count
    }
    const { stream, written } = createFile(file)
    const output = new Output(stream)
    const count = await writeRows(db, range, writer, output)
    await output.end()
    await written
    return count
  })
  const durationMs = performance.now() - startMs
  // Standard output may be the export itself.
  const summary = json
    ? JSON.stringify({ exported: rows, durationMs })
    : `exported ${formatCounted(rows, 'row')} in ${formatDuration(durationMs)}`
  invocation.io.stderr.write(summary + '\n')
}

/**
 * Compresses what goes into a file called `.gz` or `.zst`. `written` settles when all is in the
 * file.
 */
function createFile(file: string): { stream: Writable; written: Promise<void> } {
  const compressor = compressorFor(file)
  if (compressor === undefined) {
    return { stream: createWriteStream(file), written: Promise.resolve() }
  }
  const written = pipeline(compressor, createWriteStream(file))
  // The same failure reaches Output through the compressor, perhaps before `written` is awaited.
  written.catch(() => {})
  return { stream: compressor, written }
}

async function writeRows(
  db: BinaryStore,
  range: ReturnType<typeof rangeOf>,
  writer: RowWriter,
  output: Output,
): Promise<number> {
  // Control characters never reach a terminal as they are.
  const shown = (line: string): string =>
    output.isTerminal ? printableText(printableJson(line)) : line
  let count = 0
  for await (const [key, value] of db.entries(range)) {
    if (count === 0) {
      const header = writer.header(key, value)
      if (header !== undefined) await output.line(shown(header))
    }
    await output.line(shown(writer.row(key, value)))
    count++
    if (output.closed) break
  }
  return count
}
