import { existsSync } from 'node:fs'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'

const executables = [
  process.env['CHROMIUM_PATH'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]
const executablePath = executables.find((path) => path !== '' && existsSync(path))

/** Why the browser tests cannot run here; false if they can. In CI, a missing browser fails. */
export const skipReason: string | false =
  executablePath !== undefined || process.env['CI'] === 'true'
    ? false
    : 'no Chromium found; install it or set CHROMIUM_PATH'

export function launchBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('no Chromium found; set CHROMIUM_PATH')
  // CI runs as root, where Chromium has no sandbox.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}

/** A page of the inspector, and everything it did wrong. */
export interface PageSession extends AsyncDisposable {
  readonly page: Page
  /** Errors, messages of the console, and requests to other hosts. */
  readonly complaints: readonly string[]
}

export async function openPage(
  browser: Browser,
  url: string,
  view: string,
  options: { width?: number; theme?: 'light' | 'dark' } = {},
): Promise<PageSession> {
  const { width = 1280, theme = 'light' } = options
  const page = await browser.newPage({
    viewport: { width, height: 800 },
    colorScheme: theme,
    reducedMotion: 'reduce',
  })
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol !== 'data:' && origin !== new URL(url).origin) complaints.push(request.url())
  })
  await page.goto(`${url}#${view}`)
  await page.getByText('live', { exact: false }).first().waitFor()
  return { page, complaints, [Symbol.asyncDispose]: () => page.close() }
}

/** Violations of the rules of accessibility, one line each. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const violations = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
    'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"] })' +
      '.then(({ violations }) => violations.map(({ id, nodes }) => ' +
      '({ id, nodes: nodes.map(({ html }) => ({ html })) })))',
  )
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/** How far the page is wider than its window; 0 if nothing is cut off. */
export function overflowPixels(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
}
