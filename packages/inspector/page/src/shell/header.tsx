import type { Connection } from '../source/live-state.js'
import { useTheme, toggleTheme } from './theme.js'
import { useLiveState } from './use-source.js'

interface HeaderProps {
  readonly views: Readonly<Record<string, { readonly title: string }>>
  readonly shown: string
}

const connectionTexts: Readonly<Record<Connection, string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost; trying again',
  closed: 'the database was closed',
}

/** The database, the connection to it, and the views. */
export function Header({ views, shown }: HeaderProps) {
  const { hello, connection } = useLiveState()
  const theme = useTheme()
  const mode = hello === undefined ? '' : hello.follows ? 'files beside the owner' : 'in process'
  return (
    <header class="header">
      <div class="header-line">
        <span class="brand">
          <Strata />
          varve
        </span>
        <span class="path" title={hello?.path}>
          {hello?.path ?? ''}
        </span>
        <span class={`connection connection-${connection}`} role="status">
          {connectionTexts[connection]}
          {connection === 'live' && <span class="faint wide-only"> · {mode}</span>}
        </span>
        <button
          type="button"
          class="quiet"
          onClick={toggleTheme}
          aria-label={`Switch to the ${theme === 'dark' ? 'light' : 'dark'} theme`}
        >
          {theme === 'dark' ? '☀' : '☾'}
        </button>
      </div>
      <nav class="tabs" aria-label="Views">
        {Object.entries(views).map(([name, { title }]) => (
          <a key={name} href={`#${name}`} aria-current={name === shown ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
    </header>
  )
}

/** Layers of sediment, the newest on top. */
function Strata() {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" class="strata">
      <rect x="6" y="1" width="6" height="3" rx="1" />
      <rect x="4" y="5.5" width="10" height="3" rx="1" />
      <rect x="2" y="10" width="14" height="3" rx="1" />
      <rect x="0" y="14.5" width="18" height="3" rx="1" />
    </svg>
  )
}
