/** Large figures with their names. */
export function Tiles({ tiles }: { tiles: readonly (readonly [name: string, value: string])[] }) {
  return (
    <dl class="tiles">
      {tiles.map(([name, value]) => (
        <div key={name} class="tile">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
