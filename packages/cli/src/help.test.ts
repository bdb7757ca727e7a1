import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder, varveIn, type RunVarve } from './testing/run-varve.js'

test('the help of every command has examples and shows no empty default', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const helps = await helpsOf(varve, [])
  assert.ok(helps.length > 17, String(helps.length))
  for (const { command, text } of helps) {
    assert.match(text, new RegExp(`\\nExamples:\\n  varve ${command[0] ?? ''}`), command.join(' '))
    assert.doesNotMatch(text, /default: (\{\}|\[\]|false|"")/, command.join(' '))
    assert.doesNotMatch(
      text,
      /^ {2}<?\w+>?\s*$/m,
      `${command.join(' ')}: an argument lacks its text`,
    )
  }
})

test('every error starts with the command and names the option at fault', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const cases: [args: string[], named: string][] = [
    [['nope'], 'nope'],
    [['put'], 'key'],
    [['get', 'a'], 'holds no database'],
    [['scan', '--limit', 'x'], '--limit'],
    [['put', 'a', '1', '--ttl', '0'], '--ttl'],
    [['import', '--batch', '1.5'], '--batch'],
    [['import', 'rows.what'], '--format'],
    [['dump', 'x', '--values', ''], '--values'],
    [['scan', '--gte', 'xyz', '--key-encoding', 'hex'], '--gte'],
    [['simulate', '--deletes', '2'], '--deletes'],
    [['simulate', '--records', 'many'], '--records'],
    [['simulate', '--set', 'sizeRatio'], '--set'],
    [['simulate', '--set', 'sizeRatio=many'], '--set'],
    [['backups', 'prune', '.', '--keep', 'all'], '--keep'],
  ]
  for (const [args, named] of cases) {
    const { exit, out, err } = await varve(args)
    assert.notEqual(exit, 0, args.join(' '))
    assert.equal(out, '')
    assert.match(err, /^varve: /)
    assert.ok(err.includes(named), err)
  }
})

interface Help {
  command: string[]
  text: string
}

/** The help of `command` and of all its commands. */
async function helpsOf(varve: RunVarve, command: string[]): Promise<Help[]> {
  const { exit, out } = await varve([...command, '--help'])
  assert.equal(exit, 0, command.join(' '))
  const list = /^Commands:\n((?: {2}.*\n)+)/m.exec(out)?.[1] ?? ''
  const names = [...list.matchAll(/^ {2}(\w+)/gm)].map((match) => match[1])
  const helps = [{ command, text: out }]
  for (const name of names) {
    if (name !== 'help') helps.push(...(await helpsOf(varve, [...command, name])))
  }
  return helps
}
