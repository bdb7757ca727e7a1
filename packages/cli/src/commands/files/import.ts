import { InvalidArgumentError, Option, type Command } from 'commander'
import { DataError, UsageError } from '../../exit-code.js'
import { examples } from '../../examples.js'
import { Invocation } from '../../invocation.js'
import type { Io } from '../../io.js'
import { addCreateFlag } from '../../database/new-database.js'
import { Progress } from '../../terminal/progress.js'
import { parseCount } from '../../range-flags.js'
import { readDelimited } from '../../rows/delimited-reader.js'
import { importRows, type ImportCounts } from '../../rows/importer.js'
import { compileKeyTemplate } from '../../rows/key-template.js'
import { readNdjson } from '../../rows/ndjson-reader.js'
import { RowSource } from '../../rows/row-source.js'
import { rowFormatOf, rowFormats, type BadRow, type Row, type RowFormat } from '../../rows/row.js'
import { printableText } from '../../text/printable.js'
import {
  formatByteRate,
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatRate,
} from '../../text/quantity.js'

import { type ForeignFormat, foreignFormats, importDatabase } from './import-database.js'

interface ImportFlags {
  format?: RowFormat
  key?: string
  valueField?: string
  columns?: string
  header?: boolean
  delimiter?: string
  onError: 'skip' | 'fail'
  batch: number
  from?: ForeignFormat
  sourceDb?: string
  verify: boolean
}

/** Bad rows that are reported one by one; the rest are only counted. */
const maxBadRowsShown = 20

export function addImportCommand(program: Command, io: Io): void {
  const command = program
    .command('import')
    .description('import rows from a file or standard input, or a database of another engine')
    .argument(
      '[source]',
      "NDJSON, CSV or TSV file, also compressed; '-' or nothing is standard input; " +
        'with --from, the directory of a database',
    )
    .argument('[destination]', 'with --from, the directory to fill (default: that of --db)')
    .addOption(
      new Option('--from <engine>', 'copy a whole database of this engine').choices(foreignFormats),
    )
    .option('--source-db <name>', 'with --from lmdb: a named database (default: the main one)')
    .option('--no-verify', 'with --from: do not compare all entries at the end')
    .addOption(
      new Option('--format <name>', 'format of the file (default: from its extension)').choices(
        rowFormats,
      ),
    )
    .option(
      '--key <template>',
      "fields that make the key of a row: '{country}/{name}' or '{user.id}' " +
        "(default: the fields 'key' and 'value', as export writes them)",
    )
    .option(
      '--value-field <field>',
      'store this field as the value (default: the whole row as JSON)',
    )
    .option(
      '--columns <names>',
      'names of the columns, for CSV and TSV without a header line: a,b,c',
    )
    .option('--header', 'with --columns: skip a header line, which these names replace')
    .option(
      '--no-header',
      'the file has no header line; without --columns the fields are 1, 2, 3 …',
    )
    .addOption(
      new Option(
        '--delimiter <text>',
        "what separates the cells of CSV, as in ';' or tab (default: detected in the first line)",
      ).argParser(parseDelimiter),
    )
    .addOption(
      new Option('--on-error <policy>', 'what to do with a bad row')
        .choices(['fail', 'skip'])
        .default('fail'),
    )
    .addOption(
      new Option('--batch <count>', 'rows per batch').argParser(parseCount(1)).default(1000),
    )
    .addHelpText(
      'after',
      examples(
        ["varve import cities.csv --key '{country}/{name}'", 'every row as JSON'],
        ["varve import users.ndjson.gz --key '{id}' --on-error skip", 'skip bad rows'],
        [
          "zcat log.gz | varve import - --format tsv --columns time,text --key '{time}'",
          'from a pipe',
        ],
        ['varve export - | varve import --db ./copy', 'copy all entries'],
        ['varve import --from leveldb ./old ./new', 'copy a LevelDB database'],
      ),
    )
  addCreateFlag(command).action(
    async (...args: [source?: string, destination?: string, ...unknown[]]) => {
      const [source, destination] = args
      const [flags, command] = args.slice(2) as [ImportFlags, Command]
      const invocation = new Invocation(command, io)
      const { from, sourceDb: name, verify } = flags
      if (from !== undefined) {
        if (invocation.flags.keyspace !== undefined) {
          throw new UsageError('--from copies a whole database; it does not go with --keyspace')
        }
        await importDatabase(invocation, { from, source, destination, name, verify })
      } else if (destination !== undefined) {
        throw new UsageError('a second directory needs --from; the database is named by --db')
      } else {
        await runImport(invocation, source, flags)
      }
    },
  )
}

async function runImport(
  invocation: Invocation,
  file: string | undefined,
  flags: ImportFlags,
): Promise<void> {
  const { io } = invocation
  const keyOf = compileKeyTemplate(flags.key ?? '{key}')
  const valueField = flags.valueField ?? (flags.key === undefined ? 'value' : undefined)
  const format = rowFormatOf(file, flags.format)
  const input = await RowSource.open(file, io.stdin)
  const { totalBytes: total } = input

  const startMs = performance.now()
  const counts: ImportCounts = { imported: 0, replaced: 0, skipped: 0 }
  const progress = new Progress({ label: 'importing', total, unit: 'bytes', stream: io.stderr })
  const badRows = new BadRowReport(flags.onError)
  try {
    await invocation.withStore({}, async (db) => {
      const importing = importRows(
        db,
        readRows(input, format, flags, io.stderr),
        {
          keyOf,
          hasDefaultKey: flags.key === undefined,
          keyEncoding: invocation.flags.keyEncoding,
          valueField,
          valueEncoding: invocation.flags.encoding,
          batchCount: flags.batch,
          onBadRow: (bad) => badRows.add(bad),
          onProgress: (records) => progress.update(records, input.bytes),
        },
        counts,
      )
      await importing.catch((error: unknown) => {
        throw withCounts(error, counts)
      })
    })
  } finally {
    progress.stop(counts.imported, input.bytes)
    badRows.print(io.stderr)
  }
  const durationMs = performance.now() - startMs
  await invocation.answer({ ...counts, bytes: input.bytes, durationMs }, () =>
    [
      describeCounts(counts),
      `${formatBytes(input.bytes)} in ${formatDuration(durationMs)}`,
      formatRate(counts.imported, durationMs, 'rows'),
      formatByteRate(input.bytes, durationMs),
    ].join(', '),
  )
}

/** `imported 5 rows (2 replaced an entry with the same key), skipped 1`. */
function describeCounts({ imported, replaced, skipped }: ImportCounts): string {
  const rows = formatCounted(imported, 'row')
  const replacing =
    replaced === 0 ? '' : ` (${formatCount(replaced)} replaced an entry of that key)`
  return `imported ${rows}${replacing}, skipped ${formatCount(skipped)}`
}

function parseDelimiter(text: string): string {
  if (text === 'tab' || text === '\\t') return '\t'
  if (text !== '' && !/["\r\n]/.test(text)) return text
  throw new InvalidArgumentError("It must be text such as ',' or ';' or the word tab.")
}

function readRows(
  source: RowSource,
  format: RowFormat,
  { columns, header, delimiter }: ImportFlags,
  stderr: Io['stderr'],
): AsyncIterable<Row | BadRow> {
  if (format === 'ndjson') {
    const misplaced = { columns, header, delimiter }
    for (const [name, value] of Object.entries(misplaced)) {
      if (value !== undefined) throw new UsageError(`--${name} needs --format csv or tsv`)
    }
    return readNdjson(source)
  }
  const onDetected = (detected: string): void => {
    const name = detected === '\t' ? 'tab' : detected
    stderr.write(`varve: the cells are separated by '${name}'; --delimiter overrides this\n`)
  }
  return readDelimited(source, {
    format,
    columns: columns?.split(','),
    header,
    delimiter,
    onDetected,
  })
}

/** Collects bad rows while the progress bar has the screen. */
class BadRowReport {
  readonly #shown: BadRow[] = []
  #hiddenCount = 0

  constructor(private readonly policy: 'skip' | 'fail') {}

  add(bad: BadRow): void {
    if (this.policy === 'fail') throw new DataError(`line ${bad.line}: ${bad.problem}`)
    if (this.#shown.length < maxBadRowsShown) this.#shown.push(bad)
    else this.#hiddenCount++
  }

  print(stderr: Io['stderr']): void {
    for (const { line, problem } of this.#shown) {
      stderr.write(`varve: line ${line}: ${printableText(problem)}; skipped\n`)
    }
    if (this.#hiddenCount > 0) {
      stderr.write(`varve: ${formatCount(this.#hiddenCount)} more bad rows were skipped\n`)
    }
  }
}

/** Says how far a failed import came; what went wrong stays what it was. */
function withCounts(error: unknown, { imported }: ImportCounts): unknown {
  if (error instanceof Error) {
    error.message += ` (${formatCounted(imported, 'row')} imported before that)`
  }
  return error
}
