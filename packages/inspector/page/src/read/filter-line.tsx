import type { ReadStep } from '../../../src/protocol/answers.js'
import { counted, formatCount } from '../quantity.js'
import { fromBase64 } from '../source/bytes.js'

const columns = 64
const cell = 10

/** The line of a Bloom filter that a key selects, with the bits that were checked. */
export function FilterLine({ probes }: { probes: NonNullable<ReadStep['filterProbes']> }) {
  const { lineIndex, lineCount, line, bits } = probes
  const bytes = fromBase64(line)
  const rows = (bytes.length * 8) / columns
  const missing = bits.find(({ isSet }) => !isSet)
  const text =
    missing === undefined
      ? `All ${bits.length} bits of the key are set.`
      : `Bit ${missing.bit} is not set, so no key of the table has this hash: ` +
        `${counted(bits.length, 'check')} instead of a block.`
  return (
    <figure class="filter-line">
      <svg viewBox={`0 0 ${columns * cell} ${rows * cell}`} role="img" aria-label={text}>
        {Array.from({ length: bytes.length * 8 }, (_, bit) => (
          <rect
            key={bit}
            class={isSet(bytes, bit) ? 'bit bit-set' : 'bit'}
            x={(bit % columns) * cell + 1}
            y={Math.floor(bit / columns) * cell + 1}
            width={cell - 2}
            height={cell - 2}
          />
        ))}
        {bits.map(({ bit, isSet: found }, index) => (
          <rect
            key={index}
            class={found ? 'probe probe-set' : 'probe probe-missing'}
            x={(bit % columns) * cell}
            y={Math.floor(bit / columns) * cell}
            width={cell}
            height={cell}
          />
        ))}
      </svg>
      <figcaption>
        <span class="faint">
          Line {formatCount(lineIndex)} of {formatCount(lineCount)}, 64 bytes.
        </span>{' '}
        {text}
      </figcaption>
    </figure>
  )
}

function isSet(bytes: Uint8Array, bit: number): boolean {
  return (bytes[bit >>> 3] & (1 << (bit & 7))) !== 0
}
