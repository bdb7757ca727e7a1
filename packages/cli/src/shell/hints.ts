import { quoteWord, type Word } from './word.js'

type Hint = string | ((words: readonly Word[]) => string)

/** The Varve command for a habit from SQL, Redis or another shell; undefined without one. */
export function hintFor(name: string, words: readonly Word[]): string | undefined {
  const hint = hints.get(name.toLowerCase())
  return typeof hint === 'function' ? hint(words) : hint
}

/** For `set KEY VALUE`, since `set` is a command here. */
export function hintForSet(words: readonly Word[]): string {
  return `'${example('put', words.slice(0, 2), 'KEY VALUE')}' stores a value`
}

const scan = "'scan' prints entries, 'get KEY' one value"
const put = "'put KEY VALUE' stores a value"
const noSql = 'this is no SQL database: '
const noSchema = `${noSql}keys and values are all there is; 'help' lists the commands`
const transactions = "'begin' begins a transaction, 'commit' or 'rollback' ends it"
const noTypes = `values are plain bytes here; ${put}, and JSON holds structures`
const clearing = `${noSql}'clear PREFIX' or 'clear --all' deletes entries`
const keyspaces =
  "'keyspace list', 'keyspace use NAME', 'keyspace create NAME', 'keyspace drop NAME'"
const expiry = "'put KEY VALUE --ttl MS' stores a value that expires"

const hints = new Map<string, Hint>([
  ...each(['select', 'from', 'table'], noSql + scan),
  ...each(['insert', 'update', 'upsert', 'replace'], noSql + put),
  ['delete', deleteHint],
  ['create', (words) => (isOf('keyspace', words) ? keyspaces : noSchema)],
  ...each(['alter', 'describe', 'desc', '.schema', '\\dt'], noSchema),
  ['drop', (words) => (isOf('keyspace', words) ? keyspaces : clearing)],
  ['truncate', clearing],
  ...each(['use', 'keyspaces'], keyspaces),
  ...each(['start', 'multi', 'exec', 'discard'], transactions),
  ...each(['show', '\\d', '\\l', '.tables', 'info'], "'levels' and 'stats' show the database"),
  ['keys', keysHint],
  ...each(['ls', 'list', 'find', 'all'], "'scan --keys-only' prints the keys"),
  ['exists', (words) => `'${example('get', words.slice(0, 1), 'KEY')}' prints the value, if any`],
  ['mget', "'get KEY; get KEY' reads several keys"],
  ...each(['mset', 'msetnx'], "'batch put KEY VALUE ; put KEY VALUE' writes several"),
  ...each(['setnx', 'getset', 'append', 'add', 'store', 'write'], put),
  ...each(['setex', 'psetex', 'expire', 'pexpire', 'ttl', 'pttl', 'persist'], expiry),
  ...each(['incr', 'decr', 'incrby', 'hset', 'hget', 'hgetall', 'lpush', 'rpush'], noTypes),
  ...each(['lrange', 'sadd', 'smembers', 'zadd', 'zrange'], noTypes),
  ...each(['flushall', 'flushdb'], "'clear --all' deletes every key; 'flush' writes a table"),
  ...each(['dbsize', 'size', 'length', 'len'], "'count' counts the keys"),
  ...each(['cat', 'read', 'fetch'], "'get KEY' prints a value"),
  ...each(['rm', 'remove', 'unlink'], (words) => `'${example('del', words, 'KEY')}' deletes a key`),
  ...each(['bye', 'logout', 'close', 'end', 'leave', 'q', ':wq'], "'exit' leaves"),
])

function each(names: readonly string[], hint: Hint): [string, Hint][] {
  return names.map((name) => [name, hint])
}

/** `KEYS *`, `KEYS user:*`; other patterns have no counterpart. */
function keysHint(words: readonly Word[]): string {
  const [, prefix] = /^([^*?[\]]+)\*$/.exec(words[0]?.text ?? '') ?? []
  const range = prefix === undefined ? '' : ` ${quoteWord(Buffer.from(prefix), '')}`
  return `'scan${range} --keys-only' prints the keys`
}

function isOf(what: string, words: readonly Word[]): boolean {
  return words[0]?.text.toLowerCase() === what
}

function deleteHint(words: readonly Word[]): string {
  if (words[0]?.text.toLowerCase() === 'from') {
    return `${noSql}'clear PREFIX' deletes a range, 'del KEY' one key`
  }
  return `'${example('del', words, 'KEY')}' deletes a key`
}

/** `verb` with the words that were typed, or with `placeholder` when there are none. */
function example(verb: string, words: readonly Word[], placeholder: string): string {
  const isWhole = words.length >= placeholder.split(' ').length
  const text = words.map((word) => quoteWord(word.bytes, '')).join(' ')
  return `${verb} ${isWhole && text.length <= maxExampleLength ? text : placeholder}`
}

const maxExampleLength = 60
