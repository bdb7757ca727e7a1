import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { type LiveDatabase, liveDatabase, writeUsers } from '../live-database.js'
import {
  accessibilityProblems,
  launchBrowser,
  openPage,
  overflowPixels,
  skipReason,
} from './page-session.js'

const views = ['tree', 'time', 'read?key=user:is:00003', 'data?key=user:is:00003', 'wall']

let browser: Browser
let live: LiveDatabase

before(async () => {
  if (skipReason !== false) return
  browser = await launchBrowser()
  live = await liveDatabase({ sampleMs: 100, allowWrites: true })
  await writeUsers(live.db, 0, 2000)
})

after(async () => {
  await browser?.close()
  await live?.[Symbol.asyncDispose]()
})

for (const view of views) {
  for (const theme of ['light', 'dark'] as const) {
    test(
      `${view}, ${theme}: accessible, and without complaints`,
      { skip: skipReason },
      async () => {
        await using session = await openPage(browser, live.inspected.url, view, { theme })
        const { page, complaints } = session
        await page.locator('main > *').first().waitFor()
        assert.deepEqual(await accessibilityProblems(page), [])
        assert.deepEqual(complaints, [])
      },
    )
  }

  test(`${view} fits a phone`, { skip: skipReason }, async () => {
    await using session = await openPage(browser, live.inspected.url, view, { width: 390 })
    assert.equal(await overflowPixels(session.page), 0)
  })
}
