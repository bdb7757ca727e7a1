/**
 * LZ4 blocks in WebAssembly: AssemblyScript, compiled into src/sstable/lz4/lz4-module.ts by
 * `npm run build:lz4`. The format is specified at https://github.com/lz4/lz4/blob/dev/doc:
 *
 *     token u8 │ literal count, the rest │ literals │ offset u16 │ match length, the rest
 *
 *     token: literal count (high 4 bits, 15: more bytes follow) │ match length − 4 (low 4 bits)
 *
 * The last sequence ends after its literals. Copies move 8 or 16 bytes at a time and may write up
 * to `slackBytes` past an end, into memory that holds nothing else.
 *
 *     0        hash table u32 │ chains u32 │ input │ slack │ output │ slack
 *
 * Positions in the table and the chains are numbered on from call to call, so that a call ignores
 * those of earlier ones and nothing has to be cleared.
 */
const hashBits: u32 = 12
const windowBytes: u32 = 65536
const slackBytes: usize = 64
const chainsAt: usize = 4 << hashBits

/** Largest input, and largest output. */
export const maxBytes: u32 = 1 << 20
export const inputAt: usize = chainsAt + 4 * windowBytes
export const outputAt: usize = inputAt + maxBytes + slackBytes

const minMatch: u32 = 4
/** No match starts in the last 12 bytes, and the last 5 are literals: both are rules of LZ4. */
const matchStartMargin: usize = 12
const literalMargin: usize = 5

/**
 * The strong encoder compares each place with this many earlier ones. 8 would save 1% more, in 1.2
 * times the time.
 */
const candidates: i32 = 4
/** The fast encoder moves on faster with each 64 places in a row without a match. */
const searchesPerStep: u32 = 6

/** Number of the first byte of the next input. Numbers below it belong to earlier calls. */
let nextNumber: u32 = 1
const lastNumber: u32 = 0x7000_0000

/** The result of `findLongest`; a length of 0: none. */
let foundAt: usize = 0
let foundLength: u32 = 0

/** Returns the size of the output, or 0 if it would exceed `outputBytes`. */
export function compressFast(inputBytes: u32, outputBytes: u32): u32 {
  const bias = beginInput(inputBytes)
  const end = inputAt + inputBytes
  const outputEnd = outputAt + outputBytes
  let output = outputAt
  let anchor = inputAt
  if (inputBytes > matchStartMargin) {
    const lastStart = end - matchStartMargin
    const matchEnd = end - literalMargin
    const first = bias + u32(inputAt)
    store<u32>(hashOf5(inputAt), first)
    let at = inputAt + 1
    let searches: u32 = 1 << searchesPerStep
    while (at <= lastStart) {
      const slot = hashOf5(at)
      const number = load<u32>(slot)
      const here = bias + u32(at)
      store<u32>(slot, here)
      let earlier = usize(number - bias)
      if (number < first || here - number >= windowBytes || load<u32>(earlier) != load<u32>(at)) {
        at += searches++ >> searchesPerStep
        continue
      }
      searches = 1 << searchesPerStep
      const end = endOfMatch(earlier + minMatch, at + minMatch, matchEnd)
      while (at > anchor && earlier > inputAt && load<u8>(at - 1) == load<u8>(earlier - 1)) {
        at--
        earlier--
      }
      output = putSequence(output, outputEnd, anchor, at, u32(at - earlier), u32(end - at))
      if (output == 0) return 0
      anchor = at = end
      if (at <= lastStart) store<u32>(hashOf5(at - 2), bias + u32(at - 2))
    }
  }
  return putLastLiterals(output, outputEnd, anchor, end)
}

/** As `compressFast`: smaller, in three times the time. Decoding takes as long. */
export function compressWell(inputBytes: u32, outputBytes: u32): u32 {
  const bias = beginInput(inputBytes)
  const end = inputAt + inputBytes
  const outputEnd = outputAt + outputBytes
  let output = outputAt
  let anchor = inputAt
  if (inputBytes > matchStartMargin) {
    const lastStart = end - matchStartMargin
    const matchEnd = end - literalMargin
    const first = bias + u32(inputAt)
    let at = inputAt
    while (at <= lastStart) {
      findLongest(at, bias, first, matchEnd, minMatch - 1)
      addToChain(at, bias)
      if (foundLength == 0) {
        at++
        continue
      }
      let earlier = foundAt
      let length = foundLength
      // A longer match may start at the next place.
      while (at < lastStart) {
        findLongest(at + 1, bias, first, matchEnd, length)
        if (foundLength == 0) break
        addToChain(++at, bias)
        earlier = foundAt
        length = foundLength
      }
      let start = at
      while (start > anchor && earlier > inputAt && load<u8>(start - 1) == load<u8>(earlier - 1)) {
        start--
        earlier--
        length++
      }
      output = putSequence(output, outputEnd, anchor, start, u32(start - earlier), length)
      if (output == 0) return 0
      anchor = start + length
      while (++at < anchor && at <= lastStart) addToChain(at, bias)
      at = anchor
    }
  }
  return putLastLiterals(output, outputEnd, anchor, end)
}

/** Whether the input decodes to exactly `outputBytes`. Accepts any input. */
export function decompress(inputBytes: u32, outputBytes: u32): bool {
  const inputEnd = inputAt + inputBytes
  const outputEnd = outputAt + outputBytes
  let input = inputAt
  let output = outputAt
  while (input < inputEnd) {
    const token = u32(load<u8>(input++))
    let length = token >> 4
    if (length == 15) {
      let byte: u32
      do {
        if (input >= inputEnd) return false
        byte = load<u8>(input++)
        length += byte
      } while (byte == 255)
    }
    if (length > u32(inputEnd - input) || length > u32(outputEnd - output)) return false
    copy16(output, input, output + length)
    input += length
    output += length
    if (input == inputEnd) return output == outputEnd
    if (inputEnd - input < 2) return false
    const offset = usize(load<u16>(input))
    input += 2
    if (offset == 0 || offset > output - outputAt) return false
    length = token & 15
    if (length == 15) {
      let byte: u32
      do {
        if (input >= inputEnd) return false
        byte = load<u8>(input++)
        length += byte
      } while (byte == 255)
    }
    length += minMatch
    if (length > u32(outputEnd - output)) return false
    const end = output + length
    if (offset >= 16) copy16(output, output - offset, end)
    else copyNear(output, offset, end)
    output = end
  }
  return false
}

/** Returns what to add to a place in the input for its number. */
function beginInput(inputBytes: u32): u32 {
  if (nextNumber > lastNumber) {
    memory.fill(0, 0, chainsAt)
    nextNumber = 1
  }
  const bias = nextNumber - u32(inputAt)
  nextNumber += inputBytes
  return bias
}

/** Finds the longest match for `at` of more than `atLeast` bytes. */
function findLongest(at: usize, bias: u32, first: u32, matchEnd: usize, atLeast: u32): void {
  const here = bias + u32(at)
  let number = load<u32>(hashOf4(at))
  let longest = atLeast
  foundLength = 0
  for (let left = candidates; left > 0; left--) {
    if (number < first || here - number >= windowBytes) return
    const earlier = usize(number - bias)
    if (
      load<u32>(earlier + longest - 3) == load<u32>(at + longest - 3) &&
      load<u32>(earlier) == load<u32>(at)
    ) {
      const end = endOfMatch(earlier + minMatch, at + minMatch, matchEnd)
      const length = u32(end - at)
      if (length > longest) {
        foundAt = earlier
        foundLength = longest = length
        if (end == matchEnd) return
      }
    }
    number = load<u32>(chainOf(earlier))
  }
}

/** Each place leads to the number of the one before it with the same hash. */
function addToChain(at: usize, bias: u32): void {
  const slot = hashOf4(at)
  store<u32>(chainOf(at), load<u32>(slot))
  store<u32>(slot, bias + u32(at))
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function chainOf(at: usize): usize {
  return chainsAt + 4 * ((at - inputAt) & (windowBytes - 1))
}

/** The slot of the next five bytes. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function hashOf5(at: usize): usize {
  return usize(((load<u64>(at) << 24) * 889523592379) >> (64 - hashBits)) << 2
}

/** The slot of the next four bytes. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function hashOf4(at: usize): usize {
  return usize((load<u32>(at) * 2654435761) >> (32 - hashBits)) << 2
}

/** Where `at` and the bytes before it stop being equal. */
function endOfMatch(earlier: usize, at: usize, end: usize): usize {
  while (at + 8 <= end) {
    const difference = load<u64>(earlier) ^ load<u64>(at)
    if (difference != 0) return at + usize(ctz(difference) >> 3)
    earlier += 8
    at += 8
  }
  while (at < end && load<u8>(earlier) == load<u8>(at)) {
    earlier++
    at++
  }
  return at
}

/** Appends the literals [anchor, at) and a match; returns the end of the output, or 0 if full. */
function putSequence(
  output: usize,
  outputEnd: usize,
  anchor: usize,
  at: usize,
  offset: u32,
  length: u32,
): usize {
  const literals = u32(at - anchor)
  if (output + literals + literals / 255 + length / 255 + 8 > outputEnd) return 0
  const token = output
  const rest = length - minMatch
  store<u8>(token, (min<u32>(literals, 15) << 4) | min<u32>(rest, 15))
  output = putLength(output + 1, literals)
  copy16(output, anchor, output + literals)
  output += literals
  store<u16>(output, offset)
  return putLength(output + 2, rest)
}

/** Returns the size of the whole output, or 0 if it is full. */
function putLastLiterals(output: usize, outputEnd: usize, anchor: usize, end: usize): u32 {
  const literals = u32(end - anchor)
  if (output + literals + literals / 255 + 2 > outputEnd) return 0
  store<u8>(output, min<u32>(literals, 15) << 4)
  output = putLength(output + 1, literals)
  memory.copy(output, anchor, literals)
  return u32(output + literals - outputAt)
}

/** Appends what a length of 15 or more has beyond the token. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function putLength(output: usize, length: u32): usize {
  if (length < 15) return output
  length -= 15
  while (length >= 255) {
    store<u8>(output++, 255)
    length -= 255
  }
  store<u8>(output, length)
  return output + 1
}

/** Copies to [to, end), or up to 16 bytes more. Requires: from + 16 ≤ to, or no overlap. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function copy16(to: usize, from: usize, end: usize): void {
  do {
    v128.store(to, v128.load(from))
    to += 16
    from += 16
  } while (to < end)
}

/** Copies a match that starts fewer than 16 bytes back, so that it may repeat itself. */
function copyNear(to: usize, offset: usize, end: usize): void {
  let from = to - offset
  if (offset < 8) {
    for (let i: usize = 0; i < 8; i++) store<u8>(to + i, load<u8>(from + i))
    to += 8
    // The same bytes repeat at every multiple of the offset: the first of at least 8.
    from = to - offset * ((7 + offset) / offset)
  }
  while (to < end) {
    store<u64>(to, load<u64>(from))
    to += 8
    from += 8
  }
}
