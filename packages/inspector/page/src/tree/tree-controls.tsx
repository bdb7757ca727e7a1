import { rampColor, type Shade, shades } from './colors.js'
import type { Axis } from './layout.js'
import { useTheme } from '../shell/theme.js'

interface TreeControlsProps {
  readonly axis: Axis
  readonly shade: Shade
  readonly onChange: (changes: { axis?: Axis; shade?: Shade }) => void
}

/** What the axis and the colours mean, and how to change it. */
export function TreeControls({ axis, shade, onChange }: TreeControlsProps) {
  const theme = useTheme()
  const { low, high } = shades[shade]
  return (
    <div class="controls">
      <fieldset class="choice">
        <legend>Width</legend>
        {(['keys', 'size'] as const).map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="axis"
              checked={axis === name}
              onChange={() => onChange({ axis: name })}
            />
            <span>{name === 'keys' ? 'key range' : 'size'}</span>
          </label>
        ))}
      </fieldset>
      <label class="field">
        <span>Colour</span>
        <select
          value={shade}
          onChange={(event) => onChange({ shade: event.currentTarget.value as Shade })}
        >
          {Object.entries(shades).map(([name, { name: text }]) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <span class="legend">
        {low}
        <span class="legend-ramp" aria-hidden="true">
          {Array.from({ length: 12 }, (_, i) => (
            <i key={i} style={{ background: rampColor(i / 11, theme) }} />
          ))}
        </span>
        {high}
      </span>
    </div>
  )
}
