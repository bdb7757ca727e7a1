import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { channels } from '../db/events/channels.js'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import { open } from '../index.js'
import { VirtualClock } from '../testing/kit/virtual-clock.js'
import { measure, metrics, prometheusName, prometheusText } from './index.js'

async function openUsed() {
  const fileSystem = new MemoryFileSystem()
  const db = await open('/db', { background: 'inline', fileSystem, clock: new VirtualClock() })
  for (let i = 0; i < 100; i++) await db.put(`key${i}`, `value${i}`)
  await db.flush()
  await db.compact()
  await db.del('key7')
  await db.clear({ prefix: 'key8' })
  await db.flush()
  for (let i = 0; i < 10; i++) await db.get(`key${i}`)
  await db.get('no such key')
  return db
}

test('metrics are named by the conventions of OpenTelemetry, each once', () => {
  for (const { name, unit, description } of metrics) {
    assert.match(name, /^varve(\.[a-z0-9_]+)+$/)
    assert.match(unit, /^(By|s|1|\{[a-z]+\})$/, name)
    assert.match(description, /^[A-Z0-9].*[^.]$/, name)
  }
  assert.equal(new Set(metrics.map(({ name }) => name)).size, metrics.length)
  assert.equal(new Set(metrics.map(prometheusName)).size, metrics.length)
})

test('every metric is measured, with what stats and levels say', async () => {
  await using db = await openUsed()
  const values = new Map<string, number>()
  for (const { metric, value, attributes } of measure(db)) {
    const id = [metric.name, ...Object.entries(attributes).flat()].join(' ')
    assert.ok(Number.isFinite(value), id)
    assert.ok(!values.has(id), `${id} is there twice`)
    values.set(id, value)
  }
  const { bytes, flushes, memory } = db.stats()
  const expected = {
    'varve.operations operation write': 102,
    'varve.operations operation get': 11,
    'varve.user.written': bytes.user,
    'varve.disk.written purpose flush': bytes.flush,
    'varve.flushes': 2,
    'varve.flush.duration': flushes.timeMs / 1000,
    'varve.compactions kind merge': 1,
    'varve.memory.usage part memtables': memory.memtables,
    'varve.background.halted job flush': 0,
    'varve.sequence': 102,
    'varve.level.tables level 0': 1,
    'varve.level.entries level 6': 100,
    'varve.level.deletes level 0': 2,
  }
  for (const [id, value] of Object.entries(expected)) assert.equal(values.get(id), value, id)
  const measured = new Set([...values.keys()].map((id) => id.split(' ')[0]))
  assert.deepEqual(
    metrics.map(({ name }) => name).filter((name) => !measured.has(name)),
    [],
  )
})

test('sums over attributes are the totals of stats', async () => {
  await using db = await openUsed()
  const sumOf = (name: string): number =>
    measure(db)
      .filter(({ metric }) => metric.name === name)
      .reduce((sum, { value }) => sum + value, 0)
  const { memory, tables, stalls } = db.stats()
  assert.equal(sumOf('varve.memory.usage'), memory.total)
  assert.equal(sumOf('varve.level.size'), tables.sizeBytes)
  assert.equal(sumOf('varve.level.tables'), tables.count)
  assert.equal(sumOf('varve.stalls'), stalls.count)
})

test('keyspaces have values of their own, up to a number, which add up to the whole', async () => {
  await using db = await openUsed()
  const users = await db.keyspace('users')
  await users.put('ann', 'Ann')
  await users.get('ann')
  await users.get('bob')
  await users.flush()
  const valuesOf = (name: string): Record<string, number> =>
    Object.fromEntries(
      measure(db)
        .filter(({ metric }) => metric.name === name)
        .map(({ attributes, value }) => [attributes['keyspace'], value]),
    )
  assert.deepEqual(valuesOf('varve.keyspace.gets'), { '': 11, users: 2 })
  const { tables } = db.stats()
  assert.equal(valuesOf('varve.keyspace.tables')['users'], 1)
  const sizes = valuesOf('varve.keyspace.size')
  assert.equal(sizes['users'], users.stats().sizeBytes)
  assert.equal(sizes[''] + sizes['users'], tables.sizeBytes)
  const names = Array.from({ length: 60 }, (_, i) => `k${i}`)
  const more = await Promise.all(names.map((name) => db.keyspace(name)))
  for (const keyspace of more) await keyspace.get('a')
  const gets = valuesOf('varve.keyspace.gets')
  assert.equal(Object.keys(gets).length, 52)
  assert.deepEqual([gets['k48'], gets['k49'], gets['*']], [1, undefined, 11])
  await users.drop()
  assert.deepEqual(valuesOf('varve.keyspace.gets')[''], 13)
  assert.equal(db.stats().operations.gets, 73)
})

test('the text for Prometheus is read back by the grammar of its format', async () => {
  await using db = await openUsed()
  const odd = 'a "quoted" \\ name\nof two lines, {braced}'
  const samples = parseExposition(prometheusText({ plain: db, [odd]: db }))
  const of = (name: string, labels: object): unknown =>
    samples.find((sample) => sample.name === name && sameLabels(sample.labels, labels))?.value
  assert.equal(of('varve_operations_total', { database: 'plain', operation: 'write' }), 102)
  assert.equal(of('varve_operations_total', { database: odd, operation: 'write' }), 102)
  assert.equal(of('varve_level_entries', { database: odd, level: '6' }), 100)
  assert.equal(of('varve_flush_duration_seconds_total', { database: 'plain' }), 0)
  assert.equal(samples.length, 2 * measure(db).length)
  assert.equal(prometheusText({}), '')
})

test('a metric becomes a name with its unit, counters with _total', () => {
  const names = Object.fromEntries(metrics.map((metric) => [metric.name, prometheusName(metric)]))
  assert.equal(names['varve.disk.written'], 'varve_disk_written_bytes_total')
  assert.equal(names['varve.stall.duration'], 'varve_stall_duration_seconds_total')
  assert.equal(names['varve.amplification'], 'varve_amplification_ratio')
  assert.equal(names['varve.memory.usage'], 'varve_memory_usage_bytes')
  assert.equal(names['varve.commits'], 'varve_commits_total')
})

test('docs/WATCHING.md lists every metric as it is, and every channel', async () => {
  await using db = await openUsed()
  const measured = measure(db)
  const page = readFileSync(new URL('../../../../docs/WATCHING.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `varve[.:].*$/gm)].map(([row]) =>
    row.split('|').map((cell) => cell.trim()),
  )
  const expected = metrics.map((metric) => {
    const samples = measured.filter((value) => value.metric === metric)
    const name = `\`${metric.name}\`<br>\`${prometheusName(metric)}\``
    const attribute = attributeOf(samples.map(({ attributes }) => attributes))
    return ['', name, `${metric.kind}, ${metric.unit}`, attribute, metric.description, '']
  })
  assert.deepEqual(
    rows.filter(([, name]) => name.includes('<br>')),
    expected,
  )
  assert.deepEqual(
    rows.filter(([, name]) => name.startsWith('`varve:')).map(([, name]) => name),
    Object.keys(channels).map((name) => `\`varve:${name}\``),
  )
})

/** The attribute that distinguishes samples, with its values. */
function attributeOf(attributes: readonly Readonly<Record<string, string>>[]): string {
  const [name] = Object.keys(attributes[0])
  if (name === undefined) return ''
  const values = attributes.map((each) => each[name])
  if (name === 'keyspace') return '`keyspace`: its name, empty for the default one'
  return `\`${name}\`: ${name === 'level' ? `0 to ${values.at(-1)}` : values.join(', ')}`
}

interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

function sameLabels(a: object, b: object): boolean {
  return JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())
}

/**
 * Reads the exposition format and its rules: HELP and TYPE before samples, one group for a name.
 */
function parseExposition(text: string): ParsedSample[] {
  assert.ok(text.endsWith('\n'))
  const samples: ParsedSample[] = []
  const types = new Map<string, string>()
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-z_][a-z0-9_]*) (.+)$/.exec(line)
    const type = /^# TYPE ([a-z_][a-z0-9_]*) (counter|gauge)$/.exec(line)
    if (help !== null) {
      assert.ok(!types.has(help[1]), `${help[1]} has two groups`)
      current = help[1]
    } else if (type !== null) {
      assert.equal(type[1], current)
      assert.equal(type[2] === 'counter', current.endsWith('_total'), current)
      types.set(type[1], type[2])
    } else {
      const sample = /^([a-z_][a-z0-9_]*)\{(.*)\} (\S+)$/.exec(line)
      assert.ok(sample !== null, `not a sample: ${line}`)
      assert.equal(sample[1], current)
      assert.ok(types.has(current), line)
      samples.push({ name: current, labels: parseLabels(sample[2]), value: Number(sample[3]) })
      assert.ok(!Number.isNaN(samples.at(-1)!.value), line)
    }
  }
  return samples
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  let rest = text
  while (rest !== '') {
    const label = /^([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/.exec(rest)
    assert.ok(label !== null, `not a label: ${rest}`)
    labels[label[1]] = label[2].replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
    rest = rest.slice(label[0].length)
  }
  return labels
}
