import { render } from 'preact'
import { App } from './shell/app.js'
import { restoreTheme } from './shell/theme.js'
import { SourceContext } from './shell/use-source.js'
import { ServerSource } from './source/server-source.js'

restoreTheme()
render(
  <SourceContext.Provider value={new ServerSource()}>
    <App />
  </SourceContext.Provider>,
  document.getElementById('app')!,
)
