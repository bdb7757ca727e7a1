import type { ComponentType } from 'preact'
import { TimeView } from '../history/time-view.js'
import { DataView } from '../keys/data-view.js'
import { ReadView } from '../read/read-view.js'
import { TreeView } from '../tree/tree-view.js'
import { WallView } from '../wall/wall-view.js'
import { Header } from './header.js'
import { useRoute } from './route.js'

/** The views, by their names in the URL. */
export const views: Readonly<Record<string, { title: string; View: ComponentType }>> = {
  tree: { title: 'Tree', View: TreeView },
  time: { title: 'Time machine', View: TimeView },
  read: { title: 'Read', View: ReadView },
  data: { title: 'Data', View: DataView },
  wall: { title: 'Operator’s wall', View: WallView },
}

export function App() {
  const [{ view }] = useRoute()
  const shown = views[view] === undefined ? 'tree' : view
  const { View } = views[shown]
  return (
    <>
      <Header views={views} shown={shown} />
      <main id="main">
        <View key={shown} />
      </main>
    </>
  )
}
